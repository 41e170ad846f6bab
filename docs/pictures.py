"""Takes the pictures of docs/images from the playground's page: `python docs/pictures.py`.

Run by hand where Chromium and playwright are installed; the bot that answers is the real one.
"""

from __future__ import annotations

import asyncio
import base64
import shutil
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from playwright.async_api import Page, async_playwright  # noqa: E402

from bot.playground.run import running  # noqa: E402
from bot.playground.server import Server  # noqa: E402

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 150 * 1024
SCENES = (
    ("tag", (1180, 1120), "dark"),
    ("article", (1180, 860), "light"),
    ("search", (1180, 1190), "dark"),
    ("moderator", (1180, 930), "dark"),
    ("post", (1180, 800), "light"),
    ("bench", (1280, 860), "light"),
    ("phone", (390, 844), "dark"),
)
# Gives a picture with 256 colours at most: its commonest ones, the others by the nearest.
PALETTED = """async (shot) => {
  const bytes = Uint8Array.from(atob(shot), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], {type: "image/png"}));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const {data} = context.getImageData(0, 0, image.width, image.height);
  const keys = new Uint32Array(data.length / 4);
  const counts = new Map();
  for (let at = 0; at < keys.length; at += 1) {
    keys[at] = (data[at * 4] << 16) | (data[at * 4 + 1] << 8) | data[at * 4 + 2];
    counts.set(keys[at], (counts.get(keys[at]) ?? 0) + 1);
  }
  const parts = (key) => [key >> 16, (key >> 8) & 255, key & 255];
  const far = (one, other) => one.reduce((sum, part, n) => sum + (part - other[n]) ** 2, 0);
  // A small bright mark counts as much as a wide grey area.
  const spread = (key) => 1 + Math.max(...parts(key)) - Math.min(...parts(key));
  const weight = ([key, count]) => count * spread(key);
  const palette = [...counts]
    .sort((a, b) => weight(b) - weight(a)).slice(0, 256).map(([key]) => parts(key));
  const places = new Map();
  for (const key of counts.keys()) {
    let best = 0;
    const own = parts(key);
    palette.forEach((one, n) => { if (far(own, one) < far(own, palette[best])) best = n; });
    places.set(key, best);
  }
  let pixels = "";
  for (let at = 0; at < keys.length; at += 8192)
    pixels += String.fromCharCode(...Array.from(keys.slice(at, at + 8192), (k) => places.get(k)));
  return {width: image.width, palette: palette.flat(), pixels: btoa(pixels)};
}"""
ARGS = ["--headless", "--no-sandbox", "--disable-gpu"]


async def main() -> None:
    """Start a playground, play the scenes in it and keep a picture of each."""
    IMAGES.mkdir(exist_ok=True)
    async with running() as (server, _), async_playwright() as api:
        await server.wait_for_bot(30)
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await api.chromium.launch(executable_path=chromium, args=ARGS)
        for name, size, theme in SCENES:
            page = await opened(browser, server, size, theme)
            await globals()[name](page, server)
            await keep(page, name)
            await page.context.close()
        await browser.close()


async def opened(browser: Any, server: Server, size: tuple[int, int], theme: str) -> Page:
    """Open the page in a window of a size and a theme, without its side panel."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme, locale="en-GB"
    )
    page: Page = await context.new_page()
    await page.goto(server.page_url)
    await page.wait_for_selector('#app[data-loading="false"]')
    if await page.locator("#panel").is_visible():
        await page.get_by_role("button", name="Close panel").click()
    return page


async def keep(page: Page, name: str) -> None:
    """Write the picture; a file that grew too large for the repository ends the run."""
    await page.evaluate(
        "document.activeElement.blur();"
        "for (const one of document.querySelectorAll('.jump, .toasts')) one.remove()"
    )
    await page.mouse.move(0, 0)
    await page.wait_for_timeout(400)
    path = IMAGES / f"{name}.png"
    shot = await page.screenshot(animations="disabled")
    blank = await page.context.new_page()
    drawn = await blank.evaluate(PALETTED, base64.b64encode(shot).decode())
    content = png(drawn["width"], drawn["palette"], base64.b64decode(drawn["pixels"]))
    path.write_bytes(content)
    size = len(content)
    print(f"{path.relative_to(ROOT)}  {size // 1024} KB")
    if size > MOST_BYTES:
        sys.exit(f"{path.name} is larger than {MOST_BYTES // 1024} KB.")


def png(width: int, palette: list[int], pixels: bytes) -> bytes:
    """Return a PNG of one byte a pixel."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    height = len(pixels) // width
    rows = b"".join(b"\0" + pixels[n * width : (n + 1) * width] for n in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes(palette))
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


async def command(page: Page, name: str, *values: str) -> None:
    """Use a command: each value is typed into its option in turn and its suggestion taken."""
    await page.locator("#composer textarea").click()
    await page.keyboard.type(f"/{name} ")
    for value in values:
        await page.keyboard.type(value)
        option = page.locator(".suggest").get_by_role("option").first
        try:
            await option.wait_for(timeout=1500)
            await page.keyboard.press("Enter")
        except Exception:  # An option without suggestions is just typed.
            await page.keyboard.press("Tab")
        await page.wait_for_timeout(150)
    await page.get_by_role("button", name="Send command").click()


async def become(page: Page, person: str) -> None:
    """Go on as another person."""
    await page.locator("#person").click()
    await page.get_by_role("option", name=person).click()
    await page.locator("#person", has_text=person).wait_for()


async def go(page: Page, channel: str) -> None:
    """Open a channel by its name."""
    await page.locator(".channel", has_text=channel).first.click()
    await page.locator("h1", has_text=channel).wait_for()


async def tag(page: Page, _: Server) -> None:
    """Ask for a tag, and show its newest articles from the top."""
    await command(page, "tag", "UN")
    answer = page.locator(".message.v2, .message").last
    await answer.get_by_role("button", name="Next").wait_for()
    await scroll_to(page, ".message .used")


async def article(page: Page, _: Server) -> None:
    """Open an article from a list."""
    await page.get_by_role("button", name="Read").last.click()
    await page.get_by_role("option").first.click()
    await page.locator(".message.ephemeral").wait_for()
    await page.wait_for_timeout(300)
    await scroll_to(page, ".message.ephemeral")


async def search(page: Page, _: Server) -> None:
    """Search with a misspelt word: the repair is said, and what matched is quoted."""
    await page.get_by_role("button", name="Dismiss message").last.click()
    await command(page, "search", "electoin -video")
    answer = page.locator(".message").last
    await answer.get_by_role("button", name="Narrow").wait_for()
    await scroll_to(page, ".message .used")


async def moderator(page: Page, server: Server) -> None:
    """Subscribe a channel and see what would have been posted."""
    await become(page, "Ravi")
    await go(page, "newsroom")
    await command(page, "subscription add", "newsroom", "tag:UN OR tag:Trains")
    await page.locator(".message.ephemeral").wait_for()
    await page.wait_for_timeout(500)
    await scroll_to(page, ".message.ephemeral")


async def post(page: Page, server: Server) -> None:
    """Confirm the subscription, publish, and show what is posted."""
    await become(page, "Ravi")
    await go(page, "newsroom")
    await page.get_by_role("button", name="Confirm").click()
    await page.wait_for_timeout(500)
    for _ in range(2):
        server.feed.publish()
        count = len(server.world.in_channel(server.world.channel_named("newsroom").id))
        for _ in range(80):
            if len(server.world.in_channel(server.world.channel_named("newsroom").id)) > count:
                break
            await asyncio.sleep(0.1)
    await page.wait_for_timeout(800)
    await page.get_by_role("button", name="Dismiss message").last.click()
    await page.wait_for_timeout(300)


async def bench(page: Page, server: Server) -> None:
    """Let Discord answer 500, and show what was seen of it beside the steps of the post."""
    await go(page, "newsroom")
    await page.locator("#open-panel").click()
    await page.locator("#trouble").click()
    await page.get_by_role("option", name="Discord 500").click()
    for _ in range(4):  # One of them fits the subscription.
        server.feed.publish()
    await page.locator(".check-row.good").wait_for(timeout=60_000)


async def phone(page: Page, _: Server) -> None:
    """Show a list of articles as it looks on a phone."""
    await page.locator(".message").first.wait_for()
    await scroll_to(page, ".message .used")


async def scroll_to(page: Page, selector: str) -> None:
    """Bring an element to the top of the list of messages."""
    node = page.locator(selector).last
    await page.locator(".scroll").hover()
    await page.mouse.wheel(0, -10)
    await node.evaluate("node => node.scrollIntoView({block: 'start'})")
    await page.locator(".scroll").evaluate("box => box.scrollBy(0, -14)")


if __name__ == "__main__":
    asyncio.run(main())
