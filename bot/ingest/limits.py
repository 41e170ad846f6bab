"""How much of a document is read: far over what is seen in the wild, far under what would hurt."""

MAX_ITEMS = 500
"""Items of one feed document; a file handed over by the operator may hold MAX_FILE_ITEMS."""

MAX_FILE_ITEMS = 20_000
"""Items of a saved file that is no WordPress export (of one site those hold 20,000 and more)."""

MAX_TITLE = 1_000
"""Characters of a title."""

MAX_CONTENT = 200_000
"""Characters of one item's body as HTML or text."""

MAX_BLOCKS = 4_000
"""Blocks of one article: 200,000 characters in paragraphs of 50."""

MAX_BLOCK_LINKS = 200
"""Links of one block that are kept; more is a page of links."""

MAX_DEPTH = 200
"""Nesting of elements followed in one body: 200,000 nested tags cost 2.6 s otherwise."""

MAX_TAGS = 100
"""Tags of one article; more is a keyword dump."""

MAX_NAME = 500
"""Characters of a tag, author, source or account name."""

MAX_AUTHORS = 50
"""Authors of one article."""

MAX_LINK = 2_048
"""Characters of a link (Discord refuses a longer one in embeds and buttons)."""

MAX_INFLATED = 15 * 1024 * 1024
"""Bytes a compressed document may grow to (miniflux's cap)."""

MAX_OUTLINES = 5_000
"""Feeds of an OPML file (the longest seen holds 710)."""

MAX_OFFERS = 20
"""Feeds and APIs that one page may offer."""
