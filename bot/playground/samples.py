"""The servers a playground can begin with: a quiet one, a busy newsroom, a large archive."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path

from bot.playground.driver import Driver
from bot.playground.feed import EVERY_S, Item
from bot.playground.owner import add_channel
from bot.playground.server import Server

ARTICLES = 20_000
A_FILE = 1000
SEED = 8
SUBSCRIPTIONS = 30
BUSY_EVERY_S = 6.0
DESKS = ("harbour-desk", "science-desk", "culture-desk")
PLACES = ("newsroom", *DESKS, "stories")


@dataclass(frozen=True, slots=True)
class Sample:
    """One server to begin with; `articles` are generated beside the sample archive."""

    id: str
    name: str
    description: str
    subscriptions: int = 0
    articles: int = 0
    every_s: float = EVERY_S


QUIET = Sample("quiet", "Quiet server", "The sample archive, nothing subscribed")
NEWSROOM = Sample(
    "newsroom",
    "Busy newsroom",
    f"{SUBSCRIPTIONS} subscriptions in five channels, a feed that hurries",
    subscriptions=SUBSCRIPTIONS,
    every_s=BUSY_EVERY_S,
)
LARGE = Sample(
    "large", "Large archive", f"{ARTICLES:,} generated articles to search", articles=ARTICLES
)
SAMPLES = {sample.id: sample for sample in (QUIET, NEWSROOM, LARGE)}


async def subscribe(server: Server, sample: Sample) -> None:
    """Subscribe channels through the bot's own commands, as a moderator would."""
    if not sample.subscriptions:
        return
    await server.gateway.online.wait()
    for name in DESKS:
        if all(channel.name != name for channel in server.world.channels.values()):
            add_channel(server.hub, name)
    moderator = Driver(server, "ravi", "general")
    await moderator.until(lambda: "subscription" in moderator.commands(), 60.0)
    for number, query in enumerate(queries(server.feed.pool, sample.subscriptions)):
        place = PLACES[number % len(PLACES)]
        asked = await moderator.command("subscription add", channel=place, query=query)
        if asked.message is not None:
            await moderator.press(asked.message, "Confirm")


def queries(items: Sequence[Item], count: int) -> list[str]:
    """Return so many queries that the feed's items answer: its tags, then its sources."""
    tags = Counter(tag for item in items for tag in item.tags)
    sources = Counter(item.source for item in items if item.source)
    asked = [f'tag:"{tag}"' for tag, _ in tags.most_common()]
    asked += [f'source:"{source}"' for source, _ in sources.most_common()]
    asked += [f"{one} has:image" for one in asked]
    return asked[:count]


def write_articles(folder: Path, count: int = ARTICLES, seed: int = SEED) -> None:
    """Write generated articles as feeds of a thousand; the same seed writes the same ones."""
    dice = random.Random(seed)  # noqa: S311 (the same articles each time)
    articles = generated(dice, count)
    for first in range(0, count, A_FILE):
        items = "".join(next(articles) for _ in range(min(A_FILE, count - first)))
        head = "<title>The Generated Gazette</title><link>https://gazette.example.org/</link>"
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:content="http://purl.org/rss/1.0/modules/content/">'
            f"<channel>{head}{items}</channel></rss>"
        )
        (folder / f"gazette-{first // A_FILE:03}.xml").write_text(text, encoding="utf-8")


def generated(dice: random.Random, count: int) -> Iterator[str]:
    """Yield items of a feed, newest first, over ten years."""
    newest = datetime(2026, 11, 1, tzinfo=UTC)
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    tags = [f"{kind} {place}" for place in PLACE_NAMES for kind in TOPICS] + list(TOPICS)
    dice.shuffle(tags)
    weights = [1 / (rank + 3) for rank in range(len(tags))]
    step = timedelta(days=3650) / count
    for number in range(count):
        at = newest - number * step
        chosen = dict.fromkeys(dice.choices(tags, weights, k=dice.randint(2, 5)))
        body = "".join(
            f"<p>{escape(' '.join(_sentence(dice) for _ in range(dice.randint(3, 6))))}</p>"
            for _ in range(dice.randint(2, 3))
        )
        body += f"<p>Source : {dice.choice(SOURCES)}</p>"
        yield (
            f"<item><title>{_title(dice)}, Report {count - number}</title>"
            f"<link>https://gazette.example.org/{count - number}</link>"
            f"<guid isPermaLink='false'>gazette-{count - number}</guid>"
            f"<pubDate>{format_datetime(at)}</pubDate>"
            f"<dc:creator>{dice.choice(names)}</dc:creator>"
            f"{''.join(f'<category>{tag}</category>' for tag in chosen)}"
            f"<content:encoded>{escape(body)}</content:encoded></item>"
        )


def _title(dice: random.Random) -> str:
    what, place = dice.choice(THINGS), dice.choice(PLACE_NAMES)
    return f"{place} {dice.choice(DEEDS).title()} {dice.choice(KINDS).title()} {what.title()}"


def _sentence(dice: random.Random) -> str:
    return (
        f"The {dice.choice(KINDS)} {dice.choice(THINGS)} of {dice.choice(PLACE_NAMES)} "
        f"{dice.choice(DEEDS)} {dice.randint(2, 900)} {dice.choice(KINDS)} {dice.choice(THINGS)}s "
        f"before the {dice.choice(SEASONS)}, {dice.choice(SAYINGS)}."
    )


FIRST = ("Ada", "Bruno", "Chidi", "Dana", "Edda", "Farid", "Greta", "Hiro", "Ines", "Jonas")
LAST = ("Ashdown", "Birk", "Corrie", "Dunmore", "Eskil", "Farrow", "Galt", "Holm", "Ivers", "Joly")
SOURCES = ("Harbour Wire", "Northgate Post", "Tessaly Bay Times", "Loop Wire", "Lantern Review")
TOPICS = ("Harbour", "Rail", "Weather", "Libraries", "Bridges", "Markets", "Schools", "Rivers")
PLACE_NAMES = (
    "Vellen",
    "Northgate",
    "Tessaly",
    "Port Ellery",
    "Marrow",
    "Quillan",
    "Ostby",
    "Ruhn",
)
THINGS = (
    "ferry",
    "bridge",
    "tram",
    "archive",
    "lighthouse",
    "orchard",
    "canal",
    "museum",
    "school",
)
KINDS = ("old", "new", "quiet", "busy", "northern", "restored", "public", "narrow", "floating")
DEEDS = ("counts", "opens", "repairs", "measures", "paints", "moves", "welcomes", "studies")
SEASONS = ("spring", "autumn", "first frost", "summer fair", "winter timetable")
SAYINGS = ("the council said", "a survey found", "the keeper noted", "records show", "visitors say")
