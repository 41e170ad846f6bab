"""A made-up news site from a seed: HTML bodies of about 700 words, and a WordPress export of them.

Words follow Zipf's law over invented ones, with the function words of English between them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

SITE = "https://archive.example"
FIRST_AT = datetime(2012, 1, 1, 6, tzinfo=UTC)
WORDS, TAGS, SOURCES, AUTHORS = 60_000, 2_000, 60, 150
_FUNCTION_WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from "
    "or had an they which one you were her all she there would their we him been has when who will"
)
_FUNCTION_SHARE = 0.42
_SYLLABLES = "ba de lo mi ra su ten vor kal esh qui pon gra tri men tal us ine ar ock ley dun"
_PARAGRAPHS, _SENTENCES, _LENGTH = 11, 4, (9, 20)


class Post(NamedTuple):
    """One article as a site publishes it."""

    number: int
    title: str
    tags: tuple[str, ...]
    published_at: datetime
    html: str


class Writer:
    """Writes articles by a seed; the same seed writes the same ones."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._words = _vocabulary(self._random)
        self._small = _FUNCTION_WORDS.split()
        self._weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))
        self._tags = [self._name(1 + n % 2) for n in range(TAGS)]
        self._authors = [self._name(2) for _ in range(AUTHORS)]
        self._sources = [self._name(2) for _ in range(SOURCES)]

    def posts(self, count: int) -> Iterator[Post]:
        """Yield so many articles, one every nine hours, oldest first."""
        for number in range(1, count + 1):
            yield self._post(number)

    def _post(self, number: int) -> Post:
        parts = [f"<p>{self._common(self._authors)} wrote . . . .</p>"]
        for place in range(_PARAGRAPHS):
            if place in (4, 8):
                parts.append(f"<h2>{' '.join(self._run(4)).capitalize()}</h2>")
            parts.append(f"<p>{self._paragraph()}</p>")
        items = "".join(f"<li>{' '.join(self._run(7)).capitalize()}</li>\n" for _ in range(3))
        parts.insert(6, f"<ul>\n{items}</ul>")
        parts.append(f"<p>Source : {self._common(self._sources)}</p>")
        return Post(
            number,
            " ".join(self._run(8)).capitalize(),
            tuple(dict.fromkeys(self._common(self._tags) for _ in range(5))),
            FIRST_AT + timedelta(hours=9 * number),
            "\n".join(parts),
        )

    def _paragraph(self) -> str:
        return " ".join(self._sentence() for _ in range(_SENTENCES))

    def _sentence(self) -> str:
        words = self._run(self._random.randint(*_LENGTH))
        dice = self._random.random()
        if dice < 0.15:
            words[2:4] = [f'<a href="{SITE}/{words[2]}">{words[2]}</a>', f"<em>{words[3]}</em>"]
        elif dice < 0.3:
            words[1] = f"“{words[1]}"
            words[4] += "”"
        elif dice < 0.35:
            words[2] = "&amp;"
        elif dice < 0.55:
            words[3] += ","
        words[0] = words[0].capitalize()
        return " ".join(words) + "."

    def _run(self, length: int) -> list[str]:
        draw, pick = self._random.random, self._random.choice
        rare = iter(self._random.choices(self._words, cum_weights=self._weights, k=length))
        return [
            pick(self._small) if draw() < _FUNCTION_SHARE else next(rare) for _ in range(length)
        ]

    def _name(self, words: int) -> str:
        return " ".join(word.capitalize() for word in self._random.sample(self._words, words))

    def _common(self, names: list[str]) -> str:
        return names[min(len(names) - 1, int(self._random.paretovariate(0.7)) - 1)]


def write_export(path: Path, count: int, seed: int = 1) -> None:
    """Write a WordPress export of so many published posts."""
    with path.open("w", encoding="utf-8") as file:
        file.write(_HEAD)
        file.writelines(map(_item, Writer(seed).posts(count)))
        file.write("</channel>\n</rss>\n")


def _vocabulary(source: random.Random) -> list[str]:
    """Return invented words, the frequent ones short."""
    syllables = _SYLLABLES.split()
    found: dict[str, None] = {}
    while len(found) < WORDS:
        size = min(5, 2 + len(found) // 400)
        found["".join(source.choice(syllables) for _ in range(source.randint(1, size)))] = None
    return list(found)


def _item(post: Post) -> str:
    terms = "".join(
        f'<category domain="post_tag" nicename="{escape(tag.lower().replace(" ", "-"))}">'
        f"<![CDATA[{tag}]]></category>\n"
        for tag in post.tags
    )
    when = post.published_at
    return f"""<item>
<title>{escape(post.title)}</title>
<link>{SITE}/{when:%Y/%m}/{post.number}/</link>
<pubDate>{when:%a, %d %b %Y %H:%M:%S} +0000</pubDate>
<dc:creator><![CDATA[desk]]></dc:creator>
<guid isPermaLink="false">{SITE}/?p={post.number}</guid>
<description></description>
<content:encoded><![CDATA[{post.html}]]></content:encoded>
<excerpt:encoded><![CDATA[]]></excerpt:encoded>
<wp:post_id>{post.number}</wp:post_id>
<wp:post_date>{when:%Y-%m-%d %H:%M:%S}</wp:post_date>
<wp:post_date_gmt>{when:%Y-%m-%d %H:%M:%S}</wp:post_date_gmt>
<wp:post_name>{post.number}</wp:post_name>
<wp:status>publish</wp:status>
<wp:post_type>post</wp:post_type>
<wp:post_password></wp:post_password>
{terms}</item>
"""


_HEAD = f"""<?xml version="1.0" encoding="UTF-8" ?>
<rss version="2.0"
 xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:wp="http://wordpress.org/export/1.2/">
<channel>
<title>The Measured Archive</title>
<link>{SITE}</link>
<wp:wxr_version>1.2</wp:wxr_version>
<wp:base_blog_url>{SITE}</wp:base_blog_url>
<wp:author><wp:author_login><![CDATA[desk]]></wp:author_login>
<wp:author_display_name><![CDATA[News Desk]]></wp:author_display_name></wp:author>
"""
