"""A saved archive page as HTML: titles that are links, and the smallest part around each.

No theme's class names: a post is found by its linked heading, its part of the page is the largest
element around that heading and no other. What WordPress itself writes (post_class, rel="tag",
api.w.org) is read where it stands.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from bot.errors import UnreadableError
from bot.ingest.byline import read_body, trails_off
from bot.ingest.clean import Markup, clean_text, node_blocks
from bot.ingest.compose import Parts, compose
from bot.ingest.dates import parse_date
from bot.ingest.formats import archive_text, page
from bot.ingest.formats.page import Page, classes, matches
from bot.ingest.headings import Heading
from bot.ingest.limits import MAX_FILE_ITEMS
from bot.ingest.links import fold_link, fold_site
from bot.model import BlockType, Entry, Reading, Term

FORM = "saved archive page"
_HEADINGS = "h1, h2, h3, h4, h5, h6"
_ZONE_TAGS = frozenset(("aside", "nav", "footer", "form", "template", "noscript"))
_ZONE = re.compile(
    r"(?:^|[\s_-])(?:widgets?|sidebar|menu|nav|navbar|navigation|footer|related|recent|popular"
    r"|trending|comments?|respond|breadcrumbs?|masthead|colophon|share|mega|modal|popup)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"(?:^|\s)(?:entry|post-entry)(?:$|\s)|(?:^|[\s_-])(?:content|summary|excerpt|articlebody|description|post-?body|entry-?body|text)"
    r"(?:$|[\s_-])",
    re.IGNORECASE,
)
_EXCERPT = re.compile(r"(?:^|[\s_-])(?:summary|excerpt)(?:$|[\s_-])", re.IGNORECASE)
_BADGE = re.compile(
    r"(?:^|[\s_-])(?:badge|label|new|newmark|icon|count|category|cat|date|time|screen-reader-text"
    r"|sr-only|sticky)(?:$|[\s_-])",
    re.IGNORECASE,
)
_META = re.compile(
    r"(?:^|[\s_-])(?:meta|date|time|author|byline|share|sharing|social|comments?|tags?|tagged|cat"
    r"|category|categories|terms?|footer|foot|posted|edit|more|pagination|badge)(?:$|[\s_-])",
    re.IGNORECASE,
)
_POST_NUMBER = re.compile(r"(?:^|\s)post-(\d{1,18})(?:\s|$)")
_POST_CLASS = re.compile(r"(?:hentry|type-post|post-\d{1,18})")
_TERM_CLASS = re.compile(r"(tag|category)-(.+)")
_LONGEST_DATE = 60
_CUT_TITLE = re.compile(r"\s*(?:…|\.\.\.)\s*$")


@dataclass(frozen=True, slots=True)
class _Post:
    """A post on the page: its heading, its link as written, and the part of the page it fills."""

    heading: LexborNode
    link: str
    part: LexborNode


def read(text: str, *, url: str | None = None, where: str = "") -> Reading:
    """Read an archive page, or the page of one post.

    Raises UnreadableError where neither posts nor better sources (feeds, an API) are found.
    """
    tree = LexborHTMLParser(text)
    found = page.read_page(tree, text, url)
    posts = _posts(tree) or _single(tree)
    entries = tuple(_entry(post, found) for post in posts[:MAX_FILE_ITEMS])
    heading = None if found.heading is None else found.heading.name
    if not any(entry.blocks or entry.source for entry in entries):
        text_entries, text_heading = _from_text(tree, found)
        entries, heading = text_entries or entries, heading or text_heading
    if not entries and not found.offers:
        raise UnreadableError("ingest.form_html_no_entries", title=page_title(text))
    return Reading(
        form=FORM,
        entries=entries,
        read=max(len(posts), len(entries)),
        title=found.site_title,
        site_url=found.site_url,
        archive=heading,
        language=found.language,
        offers=found.offers,
    )


def _from_text(tree: LexborHTMLParser, found: Page) -> tuple[tuple[Entry, ...], str | None]:
    """Read a page without marked posts as text: its entries and its heading.

    Bylines and source lines have to part the posts; without them there is nothing.
    """
    if tree.body is None:
        return (), None
    lines = [b.text for b in node_blocks(tree.body).blocks if b.type is not BlockType.IMAGE]
    text = "\n\n".join(lines).replace("\n", "\n\n")
    if not archive_text.has_grammar(text):
        return (), None
    links = {clean_text(a.text(deep=True) or ""): a for a in reversed(tree.css("a[href]"))}
    reading = archive_text.read(text)
    linked = {title: node.attributes.get("href") or "" for title, node in links.items()}
    return (
        tuple(replace(e, url=found.resolve(linked.get(e.title, ""))) for e in reading.entries),
        reading.archive,
    )


def page_title(text: str) -> str:
    """Return the title of a web page, "" where it has none."""
    found = re.search(r"<title\b[^>]*>([^<]{0,500})", text[:200_000], re.IGNORECASE)
    return "" if found is None else clean_text(found[1])


def _posts(tree: LexborHTMLParser) -> list[_Post]:
    """Return the posts of the page in order, each link once, sidebars and menus left out."""
    candidates = _candidates(tree) or _overlaid(tree)
    main = [one for one in candidates if not _in_zone(one[0])] or candidates
    wordpress = [one for one in main if _post_element(one[0]) is not None]
    # Where WordPress marks posts, a linked heading outside of one is a teaser; a grid of featured
    # posts is marked as often as not, so that only a clear majority decides.
    chosen = wordpress if len(wordpress) * 2 > len(main) else main
    distinct: dict[str, tuple[LexborNode, str]] = {}
    for heading, link in chosen:
        distinct.setdefault(fold_link(link) or link, (heading, link))
    marks = [heading for heading, _ in distinct.values()]
    return [_Post(h, link, _part(h, marks)) for h, link in distinct.values()]


def _candidates(tree: LexborHTMLParser) -> list[tuple[LexborNode, str]]:
    found = []
    for heading in tree.css(_HEADINGS):
        link = _heading_link(heading)
        if link and clean_text(heading.text(deep=True)) and not _is_site_title(heading):
            found.append((heading, link))
    return found


def _overlaid(tree: LexborHTMLParser) -> list[tuple[LexborNode, str]]:
    """Return the headings of posts whose link lies over the whole post, or in its "read more"."""
    found = []
    for heading in tree.css(_HEADINGS):
        post = _post_element(heading)
        title = clean_text(heading.text(deep=True))
        if post is None or not title:
            continue
        links = [a for a in post.css("a[href]") if "tag" not in (a.attributes.get("rel") or "")]
        named = [a for a in links if title in _label(a)]
        shown = {(a.attributes.get("href") or "").strip() for a in named or links}
        if len(shown) == 1 and (link := shown.pop()) and not link.startswith("#"):
            found.append((heading, link))
    # One post with a link in its text is the page of that post.
    return found if len({link for _, link in found}) > 1 else []


def _label(anchor: LexborNode) -> str:
    named = anchor.attributes
    return clean_text(f"{named.get('aria-label') or ''} {named.get('title') or ''}")


def _heading_link(heading: LexborNode) -> str:
    """Return the link in a heading, or around it, as written; "" for none or a mere anchor."""
    anchor = heading.css_first("a[href]")
    around = heading.parent
    for _ in range(3):
        if anchor is not None or around is None:
            break
        anchor = around if around.tag == "a" else None
        around = around.parent
    link = (anchor.attributes.get("href") or "").strip() if anchor is not None else ""
    return "" if link.startswith(("#", "javascript:", "mailto:")) else link


def _is_site_title(heading: LexborNode) -> bool:
    link = _heading_link(heading)
    return link.rstrip("/").count("/") < 1 + 2 * ("://" in link) and "?" not in link


def _ancestors(node: LexborNode) -> list[LexborNode]:
    found = []
    parent = node.parent
    while parent is not None and parent.tag not in ("body", "html", "-document", None):
        found.append(parent)
        parent = parent.parent
    return found


def _in_zone(heading: LexborNode) -> bool:
    for around in _ancestors(heading):
        if _is_post(around):
            continue
        # A wrapper named after its sidebar holds the archive's own heading too.
        named = matches(around, _ZONE) and around.css_first("h1, main, article") is None
        if named or around.tag in _ZONE_TAGS:
            return True
    return False


def _is_post(node: LexborNode) -> bool:
    return node.tag == "article" or any(_POST_CLASS.fullmatch(name) for name in classes(node))


def _post_element(heading: LexborNode) -> LexborNode | None:
    return next((around for around in _ancestors(heading) if _is_post(around)), None)


def _part(heading: LexborNode, marks: Sequence[LexborNode]) -> LexborNode:
    """Return the largest element around a heading that holds no other post's heading."""
    own = _post_element(heading)
    if own is not None:
        return own
    others = {mark.mem_id for mark in marks} - {heading.mem_id}
    part = heading
    for around in _ancestors(heading):
        if around.tag == "main" or any(n.mem_id in others for n in around.css(_HEADINGS)):
            break
        part = around
    return part


def _single(tree: LexborHTMLParser) -> list[_Post]:
    """Return the post of a page that shows one: its h1 is no link, and text stands beside it."""
    for heading in tree.css("article h1, main h1, h1"):
        part = _post_element(heading) or next(
            (n for n in _ancestors(heading) if len(n.css("p")) > 1), None
        )
        if part is not None and part.css_first("p") is not None:
            return [_Post(heading, "", part)]
    return []


def _entry(post: _Post, found: Page) -> Entry:
    body, stated_at = _without_dates(_body(post, found))
    author = page.author(post.part)
    number = _post_number(post.part) or _post_number(post.heading)
    link = found.resolve(post.link) if post.link else found.address
    site = found.site or (fold_site(link).split("/")[0] if link else None)
    return compose(
        Parts(
            title=_title(post.heading),
            blocks=body.blocks,
            truncated=body.truncated,
            declared=[author],
            poster=author,
            terms=_terms(post.part, found.heading),
            published_at=page.published_at(post.part) or stated_at,
            updated_at=page.updated_at(post.part),
            url=link,
            guid=None if link else post.link or None,
            site=site,
            post_id=number if site else None,
            image_url=found.resolve(page.image(post.part) or ""),
        )
    )


def _title(heading: LexborNode) -> str:
    """Return the whole title: badges stripped, and what the page cut taken from an attribute."""
    text = clean_text("".join(_title_parts(heading)))
    if not _CUT_TITLE.search(text):
        return text
    start = _CUT_TITLE.sub("", text)
    for node in (*heading.css("a"), heading, *_ancestors(heading)[:2]):
        whole = clean_text(node.attributes.get("title") or "")
        at = whole.find(start)
        if at >= 0 and len(whole) - at >= len(start):
            return whole[at:]
    return text


def _title_parts(node: LexborNode) -> list[str]:
    parts: list[str] = []
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            parts.append(child.text_content or "")
        elif child.tag not in ("time", "script", "style", "svg") and not matches(child, _BADGE):
            parts.extend(_title_parts(child))
    return parts


def _body(post: _Post, found: Page) -> Markup:
    """Return the text of a post's part; an archive that shows none, or little, is an excerpt."""
    content = _content(post)
    if content is None:
        markup = _remainder(post, found.base)
        # Unless its source line closes it, nothing tells that this is the whole text.
        truncated = read_body(markup.blocks, plain=False).source_raw is None
    else:
        markup = node_blocks(content, found.base)
        truncated = matches(content, _EXCERPT)
    cut = markup.truncated or truncated or trails_off(markup.blocks)
    return Markup(markup.blocks, cut or not markup.blocks)


def _without_dates(markup: Markup) -> tuple[Markup, datetime | None]:
    """Take a date in words off the beginning of a text; return it too."""
    if not markup.blocks or len(markup.blocks[0].text) > _LONGEST_DATE:
        return markup, None
    date = parse_date(markup.blocks[0].text)
    return (markup if date is None else replace(markup, blocks=markup.blocks[1:])), date


def _content(post: _Post) -> LexborNode | None:
    for node in post.part.css("[class], [itemprop=articleBody]"):
        named = matches(node, _CONTENT) or node.attributes.get("itemprop") == "articleBody"
        if named and not _holds(node, post.heading) and clean_text(node.text(deep=True)):
            return node
    return None


def _holds(node: LexborNode, heading: LexborNode) -> bool:
    return any(around.mem_id == node.mem_id for around in (heading, *_ancestors(heading)))


def _remainder(post: _Post, base: str | None) -> Markup:
    """Return the text of a part without heading, meta lines and pictures' links."""
    copy = LexborHTMLParser(post.part.html or "").body
    if copy is None or post.part.mem_id == post.heading.mem_id:
        return Markup(())
    for node in copy.css(f"{_HEADINGS}, time, form, nav, footer"):
        node.decompose()
    for node in copy.css("[class]"):
        if matches(node, _META) and not _is_post(node):
            node.decompose()
    return node_blocks(copy, base)


def _post_number(part: LexborNode) -> int | None:
    named = f"{part.attributes.get('id') or ''} {part.attributes.get('class') or ''}"
    found = _POST_NUMBER.search(named)
    return None if found is None else int(found[1])


def _terms(part: LexborNode, heading: Heading | None) -> list[Term]:
    """Return the terms of a post: the page's, linked ones by name, those of post_class by slug."""
    found = [*(() if heading is None else heading.terms), *page.linked_terms(part)]
    known = {(term.kind, term.slug) for term in found}
    for name in classes(part):
        named = _TERM_CLASS.fullmatch(name)
        if named is None:
            continue
        kind: Literal["tag", "category"] = "tag" if named[1] == "tag" else "category"
        # What begins with a hyphen is the rest of a slug in another script, and names nothing.
        if (kind, named[2]) not in known and not named[2].startswith("-"):
            found.append(Term(named[2], kind, named[2]))
    return found
