"""Ask the archive what a member would ask: text becomes a query, the store answers a page."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.model import Scope
from bot.query import language
from bot.store import Store


async def search(folder: Path, text: str) -> None:
    """Print the titles of the best five."""
    # `parse` never raises: what it cannot read as an operator is text.
    query = language.parse(text)
    async with Store.open(folder, read_only=True) as store:
        # `find` also looks for the nearest when nothing has all the words, and says so in notes.
        # Scope() is the public archive alone; Scope(guild_id) adds a server's own feeds.
        page = await store.articles.find(query, Scope(), now=datetime.now(UTC), limit=5)
    print(f"{page.total} for {query}")
    for hit in page.hits:
        dated = f"{hit.published_at:%Y-%m-%d}" if hit.published_at else "date unknown"
        print(f"{hit.id:>6}  {hit.title}  ({hit.source or hit.feed}, {dated})")


if __name__ == "__main__":
    asyncio.run(search(Path(sys.argv[1]), " ".join(sys.argv[2:])))
