"""Builds the documentation site into site/: `./tagwire docs`. It asks no other site for anything.

The pages are those of this folder, with README.md as the first one. A link or a place that does
not exist ends the build.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SITE = ROOT / "site"
BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
FIRST = "tutorial.md"
SECTIONS = {"how-to": "How to", "reference": "Reference", "decisions": "Decisions"}
_LINK = re.compile(r"(!?\[[^\]]*\])\((?![a-z]+:|#)([^)\s]+)\)")
_ASKED_ELSEWHERE = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|preconnect|preload|icon))[^>]*\bhref=[\"']?(?:https?:)?//"
    r"|@import\s+[\"'](?:https?:)?//|url\([\"']?https?://",
    re.IGNORECASE,
)


def main(target: Path = SITE) -> int:
    """Build the site anew in a folder; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="tagwire-docs-") as name:
        folder = Path(name)
        stage(folder / "docs")
        (folder / "zensical.toml").write_text(configuration(folder / "docs"), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "zensical", "build", "--clean", "--strict"],
            cwd=folder,
            env={**os.environ, "NO_COLOR": "1"},
        )
        if done.returncode:
            print("The site was not built: see the links named above.", file=sys.stderr)
            return 1
        asking = elsewhere(folder / "site")
        if asking:
            print("These pages ask another site:", *asking, sep="\n  ", file=sys.stderr)
            return 1
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(folder / "site", target)
    print(target / "index.html", flush=True)
    return 0


def stage(docs: Path) -> None:
    """Copy the pages and pictures into a folder, README.md as their first page."""
    shutil.copytree(DOCS, docs, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    origins = {docs / p.relative_to(DOCS): p for p in DOCS.rglob("*.md")}
    origins |= {docs / name: ROOT / name for name in BESIDE}
    origins[docs / "index.md"] = ROOT / "README.md"
    for page, origin in origins.items():
        # Links are mended as from the page's place in the docs folder.
        place = DOCS / page.relative_to(docs)
        page.write_text(_relinked(origin.read_text("utf-8"), origin, place), encoding="utf-8")


def configuration(docs: Path) -> str:
    """Return the generator's settings; the pages are listed as they lie."""
    pages: list[dict[str, object]] = [{"Tagwire": "index.md"}]
    own = [p for p in docs.glob("*.md") if p.name not in ("index.md", *BESIDE)]
    own.sort(key=lambda page: (page.name != FIRST, page.name))
    pages += [{heading(page): page.name} for page in own]
    for folder, title in SECTIONS.items():
        found = sorted((docs / folder).glob("*.md"))
        pages.append({title: [{heading(p): f"{folder}/{p.name}"} for p in found]})
    pages += [{heading(docs / name): name} for name in BESIDE]
    return "\n".join(
        [
            "[project]",
            'site_name = "Tagwire"',
            'site_description = "A Discord bot that gives a community a news archive"',
            # Pages open from the folder too, without a web server.
            "use_directory_urls = false",
            f"nav = {_toml(pages)}",
            "[project.theme]",
            "font = false",
            "[project.extra]",
            "generator = false",
        ]
    )


def heading(page: Path) -> str:
    """Return a page's first heading."""
    lines = page.read_text("utf-8").splitlines()
    return next(line[2:].strip() for line in lines if line.startswith("# "))


def elsewhere(site: Path) -> list[str]:
    """Return the pages and style sheets of a built site that load something from another one."""
    return [
        str(path.relative_to(site))
        for path in sorted(site.rglob("*"))
        if path.suffix in (".html", ".css") and _ASKED_ELSEWHERE.search(path.read_text("utf-8"))
    ]


def _relinked(text: str, origin: Path, page: Path) -> str:
    """Return a file's text for its place in the site; what the site does not hold is named only."""

    def changed(match: re.Match[str]) -> str:
        words, link = match[1], match[2]
        path, hash_, anchor = link.partition("#")
        target = (origin.parent / path).resolve()
        if target.is_dir() and target.is_relative_to(DOCS):
            target = min(target.glob("*.md"))
        if target == ROOT / "README.md":
            target = DOCS / "index.md"
        elif target.parent == ROOT and target.name in BESIDE:
            target = DOCS / target.name
        elif target.exists() and (not target.is_relative_to(DOCS) or target.suffix == ".py"):
            return f"{words.strip('[]')} (`{target.relative_to(ROOT).as_posix()}`)"
        return f"{words}({os.path.relpath(target, page.parent)}{hash_}{anchor})"

    return _LINK.sub(changed, text)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:2])))
