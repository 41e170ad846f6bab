"""No form resolves an entity that a document declares, be it a file, an address or a bomb."""

from pathlib import Path

import pytest

from bot.ingest import formats

RSS = (
    '<rss version="2.0"><channel><title>T</title><item><title>a &x; b</title>{}</item>'
    "</channel></rss>"
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry><title>a &x; b</title>{}'
    "</entry></feed>"
)
WXR = (
    '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel>'
    "<wp:wxr_version>1.2</wp:wxr_version><title>T</title><item><title>a &x; b</title>{}"
    "<wp:post_type>post</wp:post_type><wp:status>publish</wp:status></item></channel></rss>"
)
OPML = '<opml version="2.0"><body><outline text="a &x; b" xmlUrl="http://e.example/f"/>{}</body></opml>'
SECRET = "what-only-the-operator-may-read"


@pytest.mark.fault("F39")
@pytest.mark.parametrize("form", [RSS, ATOM, WXR, OPML], ids=["rss", "atom", "wxr", "opml"])
def test_a_file_that_a_document_names_is_not_read(form: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "{file.as_uri()}">]>'
    assert SECRET not in repr(formats.read((head + form.format("")).encode()))


@pytest.mark.fault("F39")
@pytest.mark.parametrize("form", [RSS, ATOM, WXR, OPML], ids=["rss", "atom", "wxr", "opml"])
def test_entities_that_multiply_stay_small(form: str) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "lol">{levels}<!ENTITY x "&e8;">]>'
    assert len(repr(formats.read((head + form.format("")).encode()))) < 5_000
