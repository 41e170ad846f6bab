"""Examples of what Discord sends: commands, channels, components of every kind, a form."""

from datetime import UTC, datetime
from html import escape
from typing import Any

Json = dict[str, Any]
GUILD, GENERAL, NEWSROOM, ANNOUNCE, STORIES, THREAD, POST = (str(10**17 + n) for n in range(7))
MINA, RAVI, BOT = (str(2 * 10**17 + n) for n in range(3))
DOT = "data:image/gif;base64,R0lGODlhAQABAIAAAFt27v///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="


def option(name: str, kind: int, **more: Any) -> Json:
    """Write one command option."""
    return {"name": name, "type": kind, "description": f"The {name} to use", **more}


def command(number: int, name: str, description: str, *options: Json, **more: Any) -> Json:
    """Write one application command."""
    base = {"id": str(3 * 10**17 + number), "type": 1, "name": name, "contexts": [0]}
    return {**base, "description": description, "options": list(options), **more}


COMMANDS = [
    command(
        1,
        "tag",
        "Read the articles that carry a tag",
        option("name", 3, required=True, autocomplete=True, max_length=60),
        option("sort", 3, choices=[{"name": "Newest first", "value": "new"}]),
    ),
    command(2, "latest", "The newest articles"),
    command(3, "broken", "Is never answered"),
    command(4, "slow", "Is answered after a while"),
    command(5, "form", "Opens a form with every input"),
    command(
        6,
        "pick",
        "Takes every kind of option",
        option("count", 4, required=True, min_value=1, max_value=9),
        option("where", 7, channel_types=[5, 15]),
        option("who", 6),
        option("role", 8),
        option("loud", 5),
        option("ratio", 10),
        option("word", 3, max_length=5),
    ),
    command(
        7,
        "subscription",
        "Subscriptions of this server",
        option("add", 1, options=[option("channel", 7, required=True, channel_types=[0, 5, 15])]),
        option("list", 1, options=[]),
        default_member_permissions="32",
    ),
    command(8, "Find its tags", "", type=3),
]


def bot_user() -> Json:
    return {"id": BOT, "username": "Tagwire", "bot": True}


def channels() -> dict[str, Json]:
    """List one channel of each kind."""
    tags = [{"id": "1", "name": "Analysis"}, {"id": "2", "name": "Local", "emoji_name": "📍"}]
    rows: list[Json] = [
        {"id": GENERAL, "type": 0, "name": "general", "topic": "Ask Tagwire anything"},
        {"id": NEWSROOM, "type": 0, "name": "newsroom", "topic": "What comes in"},
        {"id": ANNOUNCE, "type": 5, "name": "announcements"},
        {"id": STORIES, "type": 15, "name": "stories", "available_tags": tags},
        {"id": THREAD, "type": 11, "name": "Harbour story", "parent_id": NEWSROOM},
        {
            "id": POST,
            "type": 11,
            "name": "Why the ferries stopped",
            "parent_id": STORIES,
            "applied_tags": ["2"],
            "owner_id": BOT,
            "message_count": 1,
        },
    ]
    return {str(row["id"]): {"position": n, **row} for n, row in enumerate(rows)}


def text(content: str, html: str | None = None) -> Json:
    if html is None:
        head, _, rest = content.partition("\n")
        title = f"<h3>{escape(head[4:])}</h3>" if head.startswith("### ") else escape(head)
        html = title + escape(rest)
    return {"type": 10, "content": content, "html": html}


def container(*parts: Json) -> Json:
    return {"type": 17, "accent_color": 0x4B57D6, "components": list(parts)}


def button(custom_id: str, label: str, style: int = 2, **more: Any) -> Json:
    return {"type": 2, "custom_id": custom_id, "label": label, "style": style, **more}


def pager() -> Json:
    return {
        "type": 1,
        "components": [
            button("previous", "Previous", disabled=True),
            button("next", "Next", 1),
            button("broken", "Break", 4),
            button("yes", "Subscribe", 3),
            {"type": 2, "style": 5, "label": "Source", "url": "https://news.example/a"},
        ],
    }


def entry(number: int) -> list[Json]:
    titles = ["Harbour lights go out for the birds", "Night trains return", "A library on wheels"]
    title = titles[number % 3]
    body = "Each autumn the town turns its lamps down so that flocks find their way south."
    day = f'<time datetime="2026-03-0{number + 1}T08:00:00+00:00" data-style="D">day</time>'
    html = (
        f'<h3><a href="https://news.example/{number}">{title}</a></h3>'
        f'<div class="subtext">Ada Brook · Coast Courier · {day}</div><p>{body}</p>'
    )
    shown = text(f"### [{title}](https://news.example/{number})\n{body}", html)
    picture = {"type": 11, "media": {"url": DOT}, "description": "Lamps"}
    return [{"type": 9, "components": [shown], "accessory": picture}]


def listing(options: list[Json]) -> list[Json]:
    """Write an answer that lists articles."""
    given = next((o.get("value") for o in options), "all")
    head = text(f"### Tag Archives: {given}", f"<h2>Tag Archives: {escape(str(given))}</h2>")
    menu = {
        "type": 3,
        "custom_id": "read",
        "placeholder": "Read…",
        "min_values": 1,
        "max_values": 1,
        "options": [{"label": f"Article {n}", "value": str(n)} for n in range(10)],
    }
    line = {"type": 14, "divider": True, "spacing": 1}
    parts = [head, *entry(0), line, *entry(1), line, *entry(2)]
    return [container(*parts, {"type": 1, "components": [menu]}, pager())]


def article() -> list[Json]:
    """Write an opened article with all of markdown."""
    html = (
        "<h2>Night trains return</h2><p><strong>Bold</strong>, <em>slant</em>, <del>gone</del>, "
        '<code>code</code>, <span class="spoiler" tabindex="0" role="button">the end</span>, '
        '<span class="mention">@Mina</span></p><blockquote>Said the guard.</blockquote>'
        "<ul><li>One</li><li>Two</li></ul><pre><code>x = 1</code></pre>"
    )
    gallery = {"type": 12, "items": [{"media": {"url": DOT}, "description": "Train"}] * 2}
    outside = {"type": 12, "items": [{"media": {"url": "https://x.example/a.png"}}]}
    file = {"type": 13, "file": {"url": "attachment://story.txt"}, "name": "story.txt", "size": 900}
    selects = [
        {"type": 1, "components": [{"type": kind, "custom_id": f"s{kind}", "max_values": 2}]}
        for kind in (5, 6, 7, 8)
    ]
    return [container(text("Night trains return", html), gallery, outside, file), *selects]


def form() -> Json:
    """Write a modal with every input."""
    two = [{"label": "Daily", "value": "d"}, {"label": "Weekly", "value": "w"}]

    def label(words: str, component: Json, description: str = "") -> Json:
        return {"type": 18, "label": words, "description": description, "component": component}

    parts = [
        label("Title", {"type": 4, "custom_id": "title", "style": 1}, "Shown to all"),
        label("Notes", {"type": 4, "custom_id": "notes", "style": 2, "required": False}),
        label("Pace", {"type": 21, "custom_id": "pace", "options": two}),
        label("Days", {"type": 22, "custom_id": "days", "options": two, "required": False}),
        label("Quiet", {"type": 23, "custom_id": "quiet"}),
        label("Place", {"type": 8, "custom_id": "place", "required": False}),
        label("File", {"type": 19, "custom_id": "file", "required": False, "max_values": 2}),
    ]
    return {"custom_id": "form", "title": "New digest", "components": parts}


def trace(kind: str, words: str, detail: Any) -> Json:
    return {"at": now_text(), "kind": kind, "text": words, "detail": detail}


def now_text() -> str:
    return datetime.now(UTC).isoformat()
