"""Which names are on the rise: in more articles of the last days than is usual for them."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping

LATE_S = 3 * 86_400
USUAL_S = 27 * 86_400
# In the newest so many articles at most: what rises is seen in fewer, and a reader waits for it.
_ARTICLES = 5_000
_LEAST = 2
# So many standard deviations above what chance makes of the usual.
_ABOVE = 1.5

# An article dated ahead of its arrival is not news yet; places in order take up milliseconds.
_RECENT = """
WITH latest AS (
    SELECT min(max(sort_at), (SELECT max(found_at) FROM articles) * 1000 + 60000) AS at
    FROM articles WHERE hidden IS NULL
),
recent AS (
    SELECT a.id, a.source_id, a.sort_at, l.at - a.sort_at <= :late AS is_late
    FROM latest l JOIN articles a
    WHERE a.hidden IS NULL AND a.sort_at BETWEEN l.at - :late - :usual AND l.at
    ORDER BY a.sort_at DESC LIMIT :most
),
days AS (SELECT max(sort_at) - min(sort_at) AS span FROM recent)
"""
_COUNTS = {
    "tag": f"""
        {_RECENT}
        SELECT n.scope_id, n.id, sum(is_late) AS late, count(*) AS seen, span
        FROM recent r JOIN days JOIN article_tags l ON l.article_id = r.id
        JOIN tags n ON n.id = l.tag_id GROUP BY n.id HAVING late >= :least
        """,  # noqa: S608 - a constant
    "author": f"""
        {_RECENT}
        SELECT n.scope_id, n.id, sum(is_late) AS late, count(*) AS seen, span
        FROM recent r JOIN days JOIN article_authors l ON l.article_id = r.id
        JOIN authors n ON n.id = l.author_id GROUP BY n.id HAVING late >= :least
        """,  # noqa: S608 - a constant
    "source": f"""
        {_RECENT}
        SELECT n.scope_id, n.id, sum(is_late) AS late, count(*) AS seen, span
        FROM recent r JOIN days JOIN sources n ON n.id = r.source_id
        GROUP BY n.id HAVING late >= :least
        """,  # noqa: S608 - a constant
}


def rising(connection: sqlite3.Connection, what: str, most: int) -> Mapping[int, list[int]]:
    """Return ids of names on the rise by scope, those furthest above their usual first.

    The last three days before the newest article are held against the 27 before them.
    """
    values = {
        "late": LATE_S * 1000,
        "usual": USUAL_S * 1000,
        "most": _ARTICLES,
        "least": _LEAST,
    }
    found: dict[int, list[tuple[float, int]]] = {}
    for row in connection.execute(_COUNTS[what], values):
        before_s = max(0, row["span"] / 1000 - LATE_S)
        # Where nothing came before, nothing is known to be usual.
        if before_s < LATE_S:
            return {}
        usual = (row["seen"] - row["late"]) * LATE_S / before_s
        above = (row["late"] - usual) / math.sqrt(usual + 1)
        if above >= _ABOVE:
            found.setdefault(row["scope_id"], []).append((-above, row["id"]))
    return {scope_id: [i for _, i in sorted(some)[:most]] for scope_id, some in found.items()}
