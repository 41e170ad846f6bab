"""The sample servers: subscriptions the feed answers, articles that are the same each time."""

from pathlib import Path
from xml.etree import ElementTree

from bot.playground.feed import sample_pool
from bot.playground.samples import NEWSROOM, queries, write_articles


def test_a_seed_writes_the_same_articles_and_each_has_an_address_of_its_own(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        write_articles(folder, 1500)
    first, second = ([path.read_bytes() for path in sorted(f.iterdir())] for f in folders)
    assert first == second and len(first) == 2
    links = [
        node.text or ""
        for content in first
        for node in ElementTree.fromstring(content).iterfind("channel/item/link")
    ]
    assert len(set(links)) == 1500


def test_a_newsroom_has_thirty_different_queries_of_its_feed() -> None:
    asked = queries(sample_pool(), NEWSROOM.subscriptions)
    assert len(set(asked)) == 30
    assert asked[0].startswith('tag:"')
