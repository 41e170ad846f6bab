"""What a channel would get: draw an article's card and print what is sent to Discord."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.chat.card import card
from bot.model import Article, Parcel, Scope, Target, TargetKind
from bot.store import Store


async def preview(folder: Path, article_id: int) -> None:
    """Print the components of the message, as JSON."""
    async with Store.open(folder, read_only=True) as store:
        article = await store.articles.get(article_id, Scope())
    # Components V2 is all there is in the message: no content, no embed.
    view = card(parcel(article))
    shown = view.to_components()  # type: ignore[no-untyped-call]  # untyped in discord.py
    print(json.dumps(shown, ensure_ascii=False, indent=1))


def parcel(article: Article) -> Parcel:
    """Return the post that would carry the article; drawing needs no Discord."""
    now = datetime.now(UTC)
    return Parcel(
        post_id=1,
        nonce="preview",
        marker="t1:preview",
        target=Target(1, TargetKind.TEXT, channel_id=1, guild_id=1),
        articles=(article,),
        overflow=0,
        query="",
        mention_role_ids=(),
        look={},
        attempt=1,
        started_at=now,
        created_at=now,
    )


if __name__ == "__main__":
    asyncio.run(preview(Path(sys.argv[1]), int(sys.argv[2])))
