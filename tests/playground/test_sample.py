"""The sample archive and live feed are what the playground promises to show."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "bot" / "playground" / "sample"
FILES_TO_TRY = ROOT / "data" / "sample"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
BYLINE = re.compile(r"^(?:(?P<names>.+?)\s)?wrote[\s.]{5,}$")
SCRIPTS = {
    "Japanese": r"[\u3040-\u30ff]{3}",
    "Chinese": r"[这们时为船]",
    "Arabic": r"[\u0600-\u06ff]{3}",
    "Russian": r"[\u0400-\u04ff]{3}",
    "Turkish": r"[ığş]",
    "German": r"\b(?:und|nicht|eine)\b",
    "French": r"\b(?:est|les|mais)\b",
    "Spanish": r"\b(?:los|una|pero|hay)\b",
}


class Blocks(HTMLParser):
    """Text of each innermost p, h3, li, td and th, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.tags: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        if tag in {"p", "h3", "li", "td", "th"}:
            self.found.append((tag, ""))

    def handle_data(self, data: str) -> None:
        if self.found:
            tag, text = self.found[-1]
            self.found[-1] = (tag, text + data)


@dataclass(frozen=True, slots=True)
class Item:
    title: str
    guid: str
    link: str
    creator: str
    published_at: datetime
    tags: list[str]
    blocks: list[str]
    markup: Counter[str]

    @property
    def source(self) -> str:
        return self.blocks[-1].removeprefix("Source : ")

    @property
    def authors(self) -> list[str]:
        match = BYLINE.match(self.blocks[0])
        names = match["names"] if match else None
        return re.split(r", | and ", names) if names else []

    @property
    def body(self) -> list[str]:
        return self.blocks[1 if BYLINE.match(self.blocks[0]) else 0 : -1]

    @property
    def is_picture(self) -> bool:
        return self.title.startswith(("Chart:", "Infographic:"))


def read_item(node: ElementTree.Element) -> Item:
    parser = Blocks()
    parser.feed(node.findtext(CONTENT, ""))
    guid = node.find("guid")
    assert guid is not None
    assert guid.get("isPermaLink") == "false"
    return Item(
        title=node.findtext("title", ""),
        guid=guid.text or "",
        link=node.findtext("link", ""),
        creator=node.findtext(CREATOR, ""),
        published_at=parsedate_to_datetime(node.findtext("pubDate", "")).astimezone(UTC),
        tags=[category.text or "" for category in node.findall("category")],
        blocks=[" ".join(text.split()) for _, text in parser.found],
        markup=parser.tags,
    )


@pytest.fixture(scope="module")
def archive() -> list[Item]:
    root = ElementTree.parse(SAMPLE / "archive.xml").getroot()
    assert root.findtext("channel/title") == "The Harbour Log"
    return [read_item(node) for node in root.iter("item")]


@pytest.fixture(scope="module")
def live() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads((SAMPLE / "live.json").read_text("utf-8"))
    return loaded


def folded(title: str) -> str:
    return " ".join(title.casefold().split())


def test_there_are_at_least_sixty_full_articles_and_no_two_alike(archive: list[Item]) -> None:
    full = [item for item in archive if not item.is_picture]
    assert len(full) >= 60
    assert len({" ".join(item.body) for item in full}) == len(full)
    for field in ("guid", "link"):
        assert len({getattr(item, field) for item in archive}) == len(archive)
    assert len({folded(item.title) for item in archive}) == len(archive)


def test_each_article_that_is_not_a_picture_has_the_length_of_an_article(
    archive: list[Item],
) -> None:
    for item in archive:
        if item.is_picture:
            continue
        text = " ".join(item.body)
        if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]{10}", text):
            assert len(text) >= 250, item.title
        else:
            least = 120 if " the " in text else 100
            assert least <= len(text.split()) <= 270, item.title


def test_only_few_paragraphs_are_shared_and_only_by_wire_copies(archive: list[Item]) -> None:
    seen = Counter(block for item in archive for block in item.body if len(block) > 100)
    assert 1 <= sum(1 for count in seen.values() if count > 1) <= 4
    assert max(seen.values()) == 2


def test_names_tags_and_sources_are_many_and_uneven(archive: list[Item]) -> None:
    tags = Counter(tag for item in archive for tag in item.tags)
    assert 24 <= len(tags) <= 30
    assert {"UN", "C++", "Q&A", "Café culture", "日本"} <= set(tags)
    assert tags["UN"] >= 10
    assert min(tags.values()) <= 3
    assert {len(item.tags) for item in archive} >= {1, 5}
    assert len({item.source for item in archive}) == 8
    assert 18 <= len({name for item in archive for name in item.authors}) <= 24
    assert {len(item.authors) for item in archive} >= {0, 1, 2, 3}
    assert {item.creator for item in archive} == {"newsdesk"}


def test_each_article_ends_with_its_source_and_most_begin_with_a_byline(
    archive: list[Item],
) -> None:
    assert all(item.blocks[-1].startswith("Source : ") for item in archive)
    with_byline = [item for item in archive if BYLINE.match(item.blocks[0])]
    assert not any(item.is_picture for item in with_byline)
    assert len(with_byline) >= 60


def test_dates_run_over_three_years_newest_first(archive: list[Item]) -> None:
    dates = [item.published_at for item in archive]
    assert dates == sorted(dates, reverse=True)
    assert dates[-1] >= datetime(2023, 11, 1, tzinfo=UTC)
    assert dates[0] < datetime(2026, 12, 1, tzinfo=UTC)
    assert (dates[0] - dates[-1]).days >= 3 * 360


def test_every_kind_and_every_sort_of_block_is_there(archive: list[Item]) -> None:
    kinds = Counter(item.title.partition(":")[0] for item in archive)
    assert kinds["Chart"] >= 6
    assert kinds["Infographic"] >= 1
    assert kinds["Video"] >= 1
    assert kinds["Interview"] >= 5
    markup = sum((item.markup for item in archive), Counter[str]())
    assert all(markup[tag] for tag in ("h3", "ul", "blockquote", "img", "table", "a", "strong"))


def test_titles_hold_the_characters_that_break_naive_programs(archive: list[Item]) -> None:
    titles = "\n".join(item.title for item in archive)
    assert all(mark in titles for mark in ("\u00a0", "“", "’", " & ", "1 < 2", "C++", "–"))


@pytest.mark.parametrize("language", SCRIPTS)
def test_another_language_is_there(archive: list[Item], language: str) -> None:
    pattern = re.compile(SCRIPTS[language])
    assert any(len(pattern.findall(" ".join(item.body))) >= 5 for item in archive)


def test_some_stories_come_from_two_sources_within_three_days(archive: list[Item]) -> None:
    pairs = [
        (one, two)
        for one in archive
        for two in archive
        if one.source < two.source
        and abs((one.published_at - two.published_at).days) <= 3
        and len(words(one.title) & words(two.title)) >= 5
    ]
    assert len(pairs) >= 3


def words(title: str) -> set[str]:
    return set(re.findall(r"\w{3,}", title.casefold()))


def test_live_items_have_one_shape_and_titles_of_their_own(
    live: list[dict[str, Any]], archive: list[Item]
) -> None:
    assert len(live) == 24
    for entry in live:
        assert set(entry) == {"title", "authors", "source", "tags", "paragraphs"}
        assert 60 <= len(" ".join(entry["paragraphs"]).split()) <= 120, entry["title"]
    titles = {folded(entry["title"]) for entry in live}
    assert len(titles) == len(live)
    assert not titles & {folded(item.title) for item in archive}


def test_live_items_reuse_the_names_of_the_archive(
    live: list[dict[str, Any]], archive: list[Item]
) -> None:
    for field, known in (
        ("tags", {tag for item in archive for tag in item.tags}),
        ("authors", {name for item in archive for name in item.authors}),
    ):
        assert {name for entry in live for name in entry[field]} <= known
    assert {entry["source"] for entry in live} <= {item.source for item in archive}
    assert sum("UN" in entry["tags"] for entry in live) >= 6


def test_the_archive_page_is_the_same_as_text_and_as_html() -> None:
    text = (FILES_TO_TRY / "tag-archive.txt").read_text("utf-8")
    page = (FILES_TO_TRY / "tag-archive.html").read_text("utf-8")
    assert text.split("\n\n")[2] == "Tag Archives: Oceans"
    assert len(re.findall(r"^Source : ", text, re.MULTILINE)) == 4
    assert len(re.findall(r'<article id="post-\d+" class="post-\d+ ', page)) == 4
    parser = Blocks()
    parser.feed(page.partition("<main")[2].partition("</main>")[0])
    in_text = {" ".join(line.split()) for line in text.splitlines()}
    shown = [" ".join(words.split()) for tag, words in parser.found if tag in {"p", "li", "h3"}]
    assert len([words for words in shown if words]) >= 25
    missing = [words for words in shown if words and words not in in_text]
    # A footer follows the last paragraph of each entry, so only the source's name is compared.
    assert all(words.startswith("Source : ") for words in missing)
