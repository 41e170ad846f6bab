"""Read a document of any accepted form into entries, without a store or a network."""

import sys
from pathlib import Path

from bot.ingest import formats
from bot.messages import catalogue
from bot.model import BlockType


def show(path: Path) -> None:
    """Print what the file is and each entry's head."""
    # Detection goes by content; the name is only for reports.
    reading = formats.read(path.read_bytes(), name=path.name)
    print(f"{reading.form}: {reading.read} read, {len(reading.entries)} entries")
    for entry in reading.entries:
        paragraphs = sum(block.type is BlockType.PARAGRAPH for block in entry.blocks)
        # Unknown stays unknown: a saved page has no dates, and none is invented.
        dated = entry.published_at.isoformat() if entry.published_at else "date unknown"
        print(f"- {entry.title}")
        print(f"  by {', '.join(entry.authors) or 'nobody named'}, source {entry.source}, {dated}")
        print(f"  {paragraphs} paragraphs, tags {[tag.name for tag in entry.tags]}")
    for problem in reading.problems:
        print(f"! {problem.where}: {catalogue().say(problem.key, **problem.params)}")


if __name__ == "__main__":
    show(Path(sys.argv[1]))
