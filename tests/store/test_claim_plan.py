"""Looking for what is due costs as much as waits, however much was posted before."""

import sqlite3
from contextlib import closing

from bot.store.migrate import migrate
from bot.store.parcels import NEXT


def test_a_claim_reads_only_what_waits() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        migrate(connection)
        values = {"now": 1, "busy": "[]", "limit": 5}
        plan = [r["detail"] for r in connection.execute(f"EXPLAIN QUERY PLAN {NEXT}", values)]
    scanned = [step for step in plan if step.startswith("SCAN posts") or step.startswith("SCAN q")]
    assert scanned and all("posts_to_publish" in s or "sequels_waiting" in s for s in scanned)
    assert not any("posts_by_creation" in step for step in plan)
