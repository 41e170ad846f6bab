"""Renders Discord's markdown as clean HTML for the page: a kept parser with Discord's rules."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock, fence, heading, list_block
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from bot.playground.marks import CODE, block_code, marked, shrug

OFF = [
    *("hr", "lheading", "code", "reference", "html_block", "html_inline", "image", "entity"),
    "emphasis",
]
INTERRUPTS: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
ANGLE = re.compile(
    r"<(?:@!?(?P<user>\d{1,20})|@&(?P<role>\d{1,20})|#(?P<channel>\d{1,20})"
    r"|t:(?P<at>-?\d{1,13})(?::(?P<style>[tTdDfFsSR]))?"
    r"|a?:(?P<emoji>\w{2,32}):\d{1,20}|/(?P<command>[^:<>\n]{1,100}):\d{1,20}"
    r"|id:(?P<place>customize|browse|guide))>"
)
EVERYONE = re.compile(r"@(everyone|here)")
BARE = re.compile(r"https?://[^\s<>\"\[\]]+", re.IGNORECASE)
PLAIN = re.compile(r"(?:[hH]|[^\\`*_~\[\]!<>|@hH&\n])[^\\`*_~\[\]!<>|@hH&\n]*")
TRAILING = ".,:;\"']"
TAGS = {
    *("p", "br", "strong", "em", "u", "s", "code", "pre", "h1", "h2", "h3", "ul", "ol", "li"),
    *("blockquote", "span", "a", "time", "div"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "time": {"datetime", "data-style"},
    "span": {"data-channel-id", "data-user-id", "title", "tabindex", "role", "aria-label"},
    "ol": {"start"},
    "code": {"data-language"},
}
ITEM = re.compile(r"(?:[*-]|\d+\.) +\S")
CLASSES = {
    "span": {"spoiler", "mention", "silent", "emoji", "command"},
    "div": {"subtext"},
    "code": {"block"},
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names behind the ids of mentions, and the ids that were really notified."""

    users: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    pinged: frozenset[str] = frozenset()
    everyone: bool = False


def render(text: str, names: Names | None = None, *, inline: bool = False) -> str:
    """Return a text's HTML; with inline (titles, names, footers) no block becomes one."""
    parser = _parser()
    environment: dict[str, Any] = {"names": names or Names()}
    draw = parser.renderInline if inline else parser.render
    return clean(draw(text, environment))


def clean(html: str) -> str:
    """Return HTML with nothing in it but what Discord's markdown can make."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.disable(OFF)
    parser.block.ruler.at("heading", _heading, INTERRUPTS)
    parser.block.ruler.at("fence", _fence, INTERRUPTS)
    parser.block.ruler.at("blockquote", _quote, INTERRUPTS)
    parser.block.ruler.before("heading", "subtext", _subtext, INTERRUPTS)
    parser.block.ruler.at("list", _list, {"alt": ["paragraph", "blockquote"]})
    parser.block.ruler.at("paragraph", _paragraph)
    parser.block.ruler.before("heading", "outdent", _outdent, {"alt": ["paragraph"]})
    parser.inline.ruler.before("autolink", "angle", _angle)
    parser.inline.ruler.at("text", _text)
    parser.inline.ruler.before("text", "bare", _bare)
    parser.inline.ruler.before("text", "marked", marked)
    parser.inline.ruler.before("backticks", "block_code", block_code)
    parser.inline.ruler.before("escape", "shrug", shrug)
    parser.core.ruler.push("masked", _unmask)
    parser.add_render_rule("fence", _fence_html)
    parser.add_render_rule("block_code", _block_code_html)
    parser.add_render_rule("mention", _mention_html)
    parser.add_render_rule("bare", _bare_html)
    parser.validateLink = lambda url: bool(re.match(r"https?://[^\s/]", url, re.IGNORECASE))  # type: ignore[method-assign]
    return parser


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]


def _heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if not re.match(r"#{1,3} +\S", _line(state, start)):
        return False
    return heading(state, start, end, silent)


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    first = _line(state, start)
    if not first.startswith("```"):
        return False
    if state.blkIndent:
        # An opened fence that is never closed stays text in Discord.
        closed = any(_line(state, n).strip().startswith("```") for n in range(start + 1, end))
        return closed and fence(state, start, end, silent)
    found = CODE.match(state.src, state.bMarks[start] + state.tShift[start], state.eMarks[end - 1])
    if not found:
        return False
    last = start + found[0].count("\n")
    # Words behind it make it part of a line, as the words before it would.
    if state.src[found.end() : state.eMarks[last]].strip():
        return False
    if not silent:
        token = state.push("fence", "code", 0)
        token.content, token.info, token.map = found[2], found[1] or "", [start, last + 1]
        state.line = last + 1
    return True


def _list(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take a list of - or * or numbers with a dot; + and 1) make none."""
    return bool(ITEM.match(_line(state, start))) and list_block(state, start, end, silent)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.env.get("quoted"):
        return False
    first = _line(state, start)
    if first.startswith(">>> "):
        lines = [
            first[4:],
            *(state.src[state.bMarks[n] : state.eMarks[n]] for n in range(start + 1, end)),
        ]
        following = end
    else:
        following = start
        while following < end and _line(state, following).startswith("> "):
            following += 1
        lines = [_line(state, n)[2:] for n in range(start, following)]
    if following == start:
        return False
    if silent:
        return True
    state.push("blockquote_open", "blockquote", 1).map = [start, following]
    state.env["quoted"] = True
    state.md.block.parse("\n".join(lines), state.md, state.env, state.tokens)
    del state.env["quoted"]
    state.push("blockquote_close", "blockquote", -1)
    state.line = following
    return True


def _paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Take all lines up to the next block: a blank line is a line like another."""
    rules = state.md.block.ruler.getRules("paragraph")
    following = start + 1
    while following < state.lineMax:
        if any(rule(state, following, state.lineMax, True) for rule in rules):
            break
        following += 1
    state.line = following
    state.push("paragraph_open", "p", 1).map = [start, following]
    inner = state.push("inline", "", 0)
    inner.content = state.getLines(start, following, state.blkIndent, False).strip()
    inner.map, inner.children = [start, following], []
    state.push("paragraph_close", "p", -1)
    return True


def _outdent(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """End a list's item at a line that is not indented under it: nothing continues lazily."""
    return silent and state.sCount[start] < state.blkIndent


def _subtext(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    found = re.match(r"-# +(\S.*)", _line(state, start))
    if not found:
        return False
    if silent:
        return True
    token = state.push("subtext_open", "div", 1)
    token.attrs = {"class": "subtext"}
    inner = state.push("inline", "", 0)
    inner.content, inner.map, inner.children = found[1], [start, start + 1], []
    state.push("subtext_close", "div", -1)
    state.line = start + 1
    return True


def _angle(state: StateInline, silent: bool) -> bool:
    pattern = EVERYONE if state.src[state.pos] == "@" else ANGLE
    found = pattern.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        token = state.push("mention", "", 0)
        token.content = found[0]
        token.meta = {"found": found}
    state.pos = found.end()
    return True


def _bare(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] == "@":
        return _angle(state, silent)
    found = BARE.match(state.src, state.pos)
    if not found or state.linkLevel > 0:
        return False
    url = state.src[found.start() : min(found.end(), state.posMax)].rstrip(TRAILING)
    while url.endswith(")") and url.count(")") > url.count("("):
        url = url[:-1]
    if not silent:
        state.push("bare", "", 0).content = url
    state.pos += len(url)
    return True


def _text(state: StateInline, silent: bool) -> bool:
    """Take text up to the next place where an address, @everyone or a mark may begin."""
    found = PLAIN.match(state.src, state.pos)
    if not found:
        return False
    if not silent:
        state.pending += found[0]
    state.pos = found.end()
    return True


def _unmask(state: Any) -> None:
    """Show a masked link whose label is empty or itself an address as the text that it is."""
    for block in state.tokens:
        children: list[Token] = block.children or []
        for index, token in enumerate(children):
            if token.type != "link_open" or token.markup == "autolink":
                continue
            closing = next(
                i for i, t in enumerate(children[index:], index) if t.type == "link_close"
            )
            label = "".join(t.content for t in children[index + 1 : closing])
            address = BARE.search(label) or ("." in label and re.match(r"\w+(\.\w+)+/", label))
            if address or not label.strip():
                href = token.attrs.get("href")
                children[index] = Token("text", "", 0, content="[")
                children[closing] = Token("text", "", 0, content=f"]({href})")


def _fence_html(self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    language = re.sub(r"[^\w+#-]", "", tokens[index].info.split(" ")[0])[:20]
    code = _escaped(tokens[index].content.rstrip("\n"))
    return f'<pre><code data-language="{language}">{code}</code></pre>\n'


def _block_code_html(self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    return f'<code class="block" data-language="{token.info}">{_escaped(token.content)}</code>'


def _bare_html(self: Any, tokens: list[Token], index: int, *_: Any) -> str:
    url = _escaped(tokens[index].content)
    return f'<a href="{url}">{url}</a>'


def _mention_html(
    self: Any, tokens: list[Token], index: int, options: Any, env: dict[str, Any]
) -> str:
    names: Names = env["names"]
    found: re.Match[str] = tokens[index].meta["found"]
    parts = found.groupdict()
    if not parts:
        silent = "" if names.everyone else " silent"
        return f'<span class="mention{silent}">{_escaped(found[0])}</span>'
    if parts["at"] is not None:
        return _time_html(int(parts["at"]), parts["style"] or "f", found[0])
    if parts["emoji"] is not None:
        name = f":{parts['emoji']}:"
        return f'<span class="emoji" title="{name}">{name}</span>'
    if parts["command"] is not None:
        return f'<span class="mention command">/{_escaped(parts["command"])}</span>'
    if parts["place"] is not None:
        return f'<span class="mention">#{parts["place"]}</span>'
    return _name_html(names, parts)


def _name_html(names: Names, parts: Mapping[str, str | None]) -> str:
    kind = next(kind for kind in ("user", "role", "channel") if parts[kind] is not None)
    number = str(parts[kind])
    known = {"user": names.users, "role": names.roles, "channel": names.channels}[kind]
    name = _escaped(known.get(number, f"unknown-{kind}"))
    if kind == "channel":
        return f'<span class="mention" data-channel-id="{number}">#{name}</span>'
    silent = "" if number in names.pinged else " silent"
    mark = f' data-user-id="{number}"' if kind == "user" else ""
    return f'<span class="mention{silent}"{mark}>@{name}</span>'


def _time_html(seconds: int, style: str, source: str) -> str:
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return _escaped(source)
    text = at.strftime("%d %B %Y %H:%M UTC")
    return f'<time datetime="{at.isoformat()}" data-style="{style}">{text}</time>'


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
