"""The CPU time that the playground's server and open page add to a command, beside the bot's own.

The bot is the peer: the same commands, its process's CPU time from the system. The page's time is
what Chromium counts for its tasks, drawing included; without Chromium its rows are left out. A
frame of scrolling through a thousand messages has the page as its peer that draws all of them.
"""

from __future__ import annotations

import asyncio
import math
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from benchmarks.pairs import Pairs, Row
from bot.playground.driver import Driver
from bot.playground.run import running
from bot.playground.server import Server

BATCHES = 7
COMMANDS = 40
MESSAGES = 1000
STEPS = 40
# Goes from the newest message up to the first ones, a step a frame.
SCROLL = """async ([whole, steps]) => {
    const sheet = document.styleSheets[0];
    if (whole) sheet.insertRule(".message { content-visibility: visible !important }");
    const box = document.querySelector(".scroll");
    box.dispatchEvent(new PointerEvent("pointerdown"));
    for (let step = 0; step < steps; step += 1) {
        box.scrollTop = box.scrollHeight * (1 - step / steps);
        await new Promise(requestAnimationFrame);
    }
    if (whole) sheet.deleteRule(0);
}"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
Seconds = Callable[[], Awaitable[float]]


def measure() -> Sequence[Row]:
    """Measure batches of commands; every batch is a pair of the added and the bot's own."""
    return asyncio.run(_measured())


async def _measured() -> Sequence[Row]:
    async with running(live=False) as (server, child):
        await server.wait_for_bot(60.0)
        driver = Driver(server)
        await driver.until(lambda: "tag" in driver.commands(), 60.0)
        assert child.process is not None
        bot_s = _process_seconds(child.process.pid)
        async with _open_page(server) as opened:
            page_s = opened[1] if opened else None
            served, own, drawn = await _batches(driver, bot_s, page_s)
            frames = await _frames(driver, *opened) if opened else None
    note = f"{BATCHES} batches of {COMMANDS} /tag; the bot traces its SQL meanwhile"
    rows = [_row("the playground's server", Pairs(served, own), note)]
    if drawn:
        rows.append(_row("the page in Chromium", Pairs(drawn, own), note))
    if frames is not None:
        rows.append(_frame_row(frames))
    return rows


async def _frames(driver: Driver, page: Any, page_s: Seconds) -> Pairs:
    """Scroll through a thousand messages: as it is, and with all of them drawn, in turn."""
    for number in range(MESSAGES):
        driver.say(f"Line {number}")
    await page.get_by_text(f"Line {MESSAGES - 1}", exact=True).wait_for()

    async def scroll(whole: bool) -> float:
        before = await page_s()
        await page.evaluate(SCROLL, [whole, STEPS])
        return (await page_s() - before) / STEPS

    await scroll(False)
    pairs = [(await scroll(False), await scroll(True)) for _ in range(BATCHES)]
    return Pairs(tuple(ours for ours, _ in pairs), tuple(peer for _, peer in pairs))


def _frame_row(frames: Pairs) -> Row:
    return Row(
        f"CPU time of a frame while {MESSAGES:,} messages are scrolled, beside drawing all of them",
        f"{frames.ours_ms:.1f} ms",
        f"{frames.peer_ms:.1f} ms",
        frames.ratio,
        1.0,
        n=BATCHES,
        note=f"{BATCHES} times {STEPS} frames; 60 a second leave 16.7 ms for each",
    )


async def _batches(
    driver: Driver, bot_s: Callable[[], float], page_s: Seconds | None
) -> tuple[tuple[float, ...], ...]:
    columns: tuple[list[float], ...] = ([], [], [])
    for batch in range(BATCHES + 1):
        page_before = await page_s() if page_s else 0.0
        before = time.process_time(), bot_s()
        for _ in range(COMMANDS):
            await driver.command("tag", name="UN")
        after = time.process_time(), bot_s()
        page_after = await page_s() if page_s else 0.0
        if batch:  # The first one warms up.
            spent = (after[0] - before[0], after[1] - before[1], page_after - page_before)
            for column, seconds in zip(columns, spent, strict=True):
                column.append(seconds / COMMANDS)
    served, own, drawn = map(tuple, columns)
    return served, own, drawn if page_s else ()


def _row(what: str, pairs: Pairs, note: str) -> Row:
    return Row(
        f"CPU time of a command: what {what} adds, beside the bot's own",
        f"{pairs.ours_ms:.2f} ms",
        f"{pairs.peer_ms:.2f} ms",
        pairs.ratio,
        # Printed so that figures taken in the playground are read rightly; nothing is promised.
        math.inf,
        n=BATCHES,
        note=note,
    )


def _process_seconds(pid: int) -> Callable[[], float]:
    tick = os.sysconf("SC_CLK_TCK")

    def read() -> float:
        # After the name in brackets: fields 14 and 15 of proc(5) are user and system time.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / tick

    return read


@asynccontextmanager
async def _open_page(server: Server) -> AsyncIterator[tuple[Any, Seconds] | None]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        yield None
        return
    from playwright.async_api import async_playwright

    async with async_playwright() as api:
        browser = await api.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1280, "height": 860})
        await page.goto(server.page_url)
        await page.locator('#app[data-loading="false"]').wait_for()
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")

        async def seconds() -> float:
            told = await session.send("Performance.getMetrics")
            return float(next(m["value"] for m in told["metrics"] if m["name"] == "TaskDuration"))

        yield page, seconds
        await browser.close()
