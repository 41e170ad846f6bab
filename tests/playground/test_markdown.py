"""Discord's markdown as HTML, and nothing in it that a feed could make active."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.markdown import ATTRIBUTES, TAGS, Names, render

NAMES = Names({"12": "Mina"}, {"5": "Desk"}, {"7": "general"}, frozenset({"12"}))

CASES = {
    "heading": ("# One\n## Two\n### Three", "<h1>One</h1> <h2>Two</h2> <h3>Three</h3>"),
    "no fourth heading": ("#### Four", "<p>#### Four</p>"),
    "heading needs a space": ("#One", "<p>#One</p>"),
    "subtext": ("-# small", '<div class="subtext">small</div>'),
    "bold, italic, underline, strike": (
        "**b** *i* _i_ __u__ ~~s~~",
        "<p><strong>b</strong> <em>i</em> <em>i</em> <u>u</u> <s>s</s></p>",
    ),
    "line breaks": ("a\nb", "<p>a<br> b</p>"),
    "quote ends with its line": ("> a\nb", "<blockquote> <p>a</p> </blockquote> <p>b</p>"),
    "quote to the end": (">>> a\nb", "<blockquote> <p>a<br> b</p> </blockquote>"),
    "list": ("- a\n- b", "<ul> <li>a</li> <li>b</li> </ul>"),
    "numbers": ("3. a\n4. b", '<ol start="3"> <li>a</li> <li>b</li> </ol>'),
    "line after an item": ("- a\nb", "<ul> <li>a</li> </ul> <p>b</p>"),
    "indented line of an item": ("- a\n  b", "<ul> <li>a<br> b</li> </ul>"),
    "line after a nested item": (
        "1. a\n   - b\nc",
        "<ol> <li>a <ul> <li>b</li> </ul> </li> </ol> <p>c</p>",
    ),
    "code": ("`**x**`", "<p><code>**x**</code></p>"),
    "fence": ("```py\n<x>\n```", '<pre><code data-language="py">&lt;x&gt;</code></pre>'),
    "open fence": ("```x", "<p>```x</p>"),
    "escape": ("\\*a\\*", "<p>*a*</p>"),
    "html": ("<b onclick=x>", "<p>&lt;b onclick=x&gt;</p>"),
    "script link": ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    "masked address": ("[http://a.x](http://b.x)", "<p>[http://a.x](http://b.x)</p>"),
    "unknown mention": (
        "<@99>",
        '<p><span class="mention silent" data-user-id="99">@unknown-user</span></p>',
    ),
    "mention": ("<@12>", '<p><span class="mention" data-user-id="12">@Mina</span></p>'),
    "silent role": ("<@&5>", '<p><span class="mention silent">@Desk</span></p>'),
    "channel": ("<#7>", '<p><span class="mention" data-channel-id="7">#general</span></p>'),
    "everyone": ("@everyone", '<p><span class="mention silent">@everyone</span></p>'),
    "emoji": ("<:wire:123>", '<p><span class="emoji" title=":wire:">:wire:</span></p>'),
    "command": ("</tag:123>", '<p><span class="mention command">/tag</span></p>'),
    "time": (
        "<t:0:R>",
        '<p><time datetime="1970-01-01T00:00:00+00:00" data-style="R">'
        "01 January 1970 00:00 UTC</time></p>",
    ),
    "time out of range": ("<t:9999999999999>", "<p>&lt;t:9999999999999&gt;</p>"),
    "one bar pair only": ("a || b", "<p>a || b</p>"),
    "spaces inside marks": ("** a ** and * b *", "<p><strong> a </strong> and * b *</p>"),
    "underline ends within a word": ("__a__b", "<p><u>a</u>b</p>"),
    "underscores within a word": (
        "snake_case_word __init__.py",
        "<p>snake_case_word <u>init</u>.py</p>",
    ),
    "first closing mark": ("**a**b** ~~c ~~ d~~", "<p><strong>a</strong>b** <s>c </s> d~~</p>"),
    "three marks": (
        "***a*** ***b** c*",
        "<p><em><strong>a</strong></em> <em><strong>b</strong> c</em></p>",
    ),
    "marks over blank lines": ("**a\n\nb**", "<p><strong>a<br> <br> b</strong></p>"),
    "every blank line": ("a\n\n\nb", "<p>a<br> <br> <br> b</p>"),
    "plus and bracket make no list": ("+ a\n1) b", "<p>+ a<br> 1) b</p>"),
    "any number begins a list": ("a\n7. b", '<p>a</p> <ol start="7"> <li>b</li> </ol>'),
    "fence closed at a line's end": (
        "```py\na\n\nb```",
        '<pre><code data-language="py">a b</code></pre>',
    ),
    "code block within a line": (
        "see ```x``` there",
        '<p>see <code class="block" data-language="">x</code> there</p>',
    ),
    "link without words": (
        "[](http://a.x) [ ](http://a.x)",
        "<p>[](http://a.x) [ ](http://a.x)</p>",
    ),
    "shrug": ("¯\\_(ツ)_/¯", "<p>¯\\_(ツ)_/¯</p>"),
    "everyone within a word": (
        "@everyones",
        '<p><span class="mention silent">@everyone</span>s</p>',
    ),
    "quote after a blank line of a quote": (
        "> a\n\n> b",
        "<blockquote> <p>a</p> </blockquote> <blockquote> <p>b</p> </blockquote>",
    ),
    "marks in marks in a spoiler": (
        "||**_a_**||",
        '<p><span class="spoiler" tabindex="0" role="button" aria-label="Spoiler">'
        "<strong><em>a</em></strong></span></p>",
    ),
}


def flat(html: str) -> str:
    return re.sub(r"\s+", " ", html).strip()


@pytest.mark.parametrize("name", CASES)
def test_markdown(name: str) -> None:
    text, expected = CASES[name]
    assert flat(render(text, NAMES)) == expected


@pytest.mark.parametrize(
    ("text", "href", "label"),
    [
        ("[read](https://a.example/b)", "https://a.example/b", "read"),
        (
            "see https://a.example/b_c_(d).",
            "https://a.example/b_c_(d)",
            "https://a.example/b_c_(d)",
        ),
        ("<https://a.example/>", "https://a.example/", "https://a.example/"),
        ("**https://a.example/!**", "https://a.example/!", "https://a.example/!"),
        ("(https://a.example/)", "https://a.example/", "https://a.example/"),
    ],
)
def test_links_open_elsewhere(text: str, href: str, label: str) -> None:
    html = render(text)
    assert f'href="{href}"' in html
    assert f">{label}</a>" in html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_a_spoiler_hides_what_it_holds() -> None:
    html = render("||a **b**|| and `||`")
    assert 'class="spoiler"' in html
    assert "a <strong>b</strong></span> and <code>||</code>" in html


def test_titles_have_no_blocks() -> None:
    assert render("# a **b**", inline=True) == "# a <strong>b</strong>"


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


PIECES = st.sampled_from(
    [
        "<script>", "</p>", "<img src=x onerror=y>", "[a](", "javascript:", "http://", "](", ")",
        "||", "**", "__", "~~", "`", "```", "\n", "> ", ">>> ", "# ", "-# ", "- ", "1. ", "<@1>",
        "<t:1:R>", "<:a:1>", "@everyone", "\\", "&lt;", "&#x3c;", "<!--", '"', "'", "\x00",
        "data:text/html,x", "[x]: http://y", "![i](http://z)", "<http://a.b>", "    ",
    ]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=30).map("".join))
def test_nothing_active_ever_comes_out(text: str) -> None:
    seen = Seen()
    seen.feed(render(text, NAMES))
    for tag, attributes in seen.found:
        assert tag in TAGS
        known = ATTRIBUTES.get(tag, set()) | {"class", "target", "rel"}
        assert set(attributes) <= known
        href = attributes.get("href")
        assert href is None or re.match(r"https?://", href, re.IGNORECASE)


def test_four_thousand_marks_are_drawn_quickly() -> None:
    plain = ("[", "*", "_", "||", "`", "> ", "- ", "<", "~~", "[a](", "http://")
    for mark in (*plain, "**a", "*a ", "~~a", "a\n\n", "```a\n"):
        assert render(mark * (4000 // len(mark)))
