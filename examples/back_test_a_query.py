"""What would a subscription have posted? A saved query is a search over a span of time."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.errors import QueryError
from bot.model import Scope
from bot.query import language
from bot.query.nodes import Newer
from bot.store import Store


async def back_test(folder: Path, text: str, days: int) -> int:
    """Print what the query would have posted in the last days; return the exit code."""
    try:
        # A saved query is strict: a slip is an error that names its place and offers a mend.
        saved = language.parse_strict(text)
    except QueryError as error:
        print(f"{error.key} at {error.start}: {text[error.start : error.end]!r}")
        print(f"did you mean: {error.mend}")
        return 1
    lately = language.narrow(saved, Newer(days, "d"), sort="new")
    async with Store.open(folder, read_only=True) as store:
        # `search` is strict too: an article matches a saved query exactly when it is found here.
        page = await store.articles.search(lately, Scope(), now=datetime.now(UTC), limit=10)
    print(f"{page.total} in {days} days: {page.total / days:.2f} a day")
    for hit in page.hits:
        print(f"- {hit.title}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(back_test(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
