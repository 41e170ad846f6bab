"""Discord's marks within a line, by the patterns of its client: bold, spoilers, code and so on.

They differ from CommonMark's: spaces inside count, the first closing mark ends, `_` is no word.
"""

import re

from markdown_it.rules_inline import StateInline

# Where two fit, the longer one counts; italics win over what is as long.
EM = re.compile(
    r"_((?:__|\\[\s\S]|[^\\_])+?)_(?!\w)"
    r"|\*(?=\S)((?:\*\*|\\[\s\S]|\s++(?:\\[\s\S]|[^\s*\\]|\*\*)|[^\s*\\])+?)\*(?!\*)"
)
STRONG = re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")
UNDER = re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")
STRUCK = re.compile(r"~~([\s\S]+?)~~(?!_)")
SPOILER = re.compile(r"\|\|([\s\S]+?)\|\|")
MARKS = {
    "*": ((EM, "em"), (STRONG, "strong")),
    "_": ((EM, "em"), (UNDER, "u")),
    "~": ((STRUCK, "s"),),
    "|": ((SPOILER, "span"),),
}
CODE = re.compile(r"```(?:([a-z0-9_+\-.#]+?)\n)?\n*([^\n][^\0]*?)\n*```", re.IGNORECASE)
SHRUG = "\\_(ツ)_/¯"
SPOILER_ATTRIBUTES: dict[str, str | int | float] = {
    "class": "spoiler",
    "tabindex": "0",
    "role": "button",
    "aria-label": "Spoiler",
}


def marked(state: StateInline, silent: bool) -> bool:
    """Take what stands between two marks of a kind, with the marks inside it."""
    rules = MARKS.get(state.src[state.pos], ())
    matches = [(rule.match(state.src, state.pos, state.posMax), tag) for rule, tag in rules]
    fitting = [(found, tag) for found, tag in matches if found]
    if not fitting:
        return False
    found, tag = max(fitting, key=lambda one: one[0].end())
    if silent:
        state.pos = found.end()
        return True
    inner = next(number for number, part in enumerate(found.groups(), 1) if part is not None)
    end, most = found.end(), state.posMax
    opened = state.push(f"{tag}_mark_open", tag, 1)
    if tag == "span":
        opened.attrs = dict(SPOILER_ATTRIBUTES)
    state.pos, state.posMax = found.span(inner)
    state.md.inline.tokenize(state)
    state.push(f"{tag}_mark_close", tag, -1)
    state.pos, state.posMax = end, most
    return True


def block_code(state: StateInline, silent: bool) -> bool:
    """Take a block of code that begins within a line."""
    found = CODE.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        token = state.push("block_code", "code", 0)
        token.content, token.info = found[2], found[1] or ""
    state.pos = found.end()
    return True


def shrug(state: StateInline, silent: bool) -> bool:
    """Leave a shrug its arm, which is no escape."""
    if state.src[max(0, state.pos - 1) : state.pos] != "¯":
        return False
    if not state.src.startswith(SHRUG, state.pos):
        return False
    if not silent:
        state.pending += SHRUG
    state.pos += len(SHRUG)
    return True
