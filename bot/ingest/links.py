"""Links as they may be shown, and the folded form by which two spellings of one link meet."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from bot.ingest.limits import MAX_LINK

_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|dclid|mc_[ce]id|igshid|ncid|cmpid", re.IGNORECASE)
_INDEX = re.compile(r"/index\.(?:html?|php|xml|rss)$", re.IGNORECASE)
_AMP = re.compile(r"/amp/?$", re.IGNORECASE)
_UNSAFE = re.compile(
    r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff<>\"{}|\\^`]"
)
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_POST_QUERY = re.compile(r"(?:^|&)p=(\d{1,18})(?:&|$)")


def safe_link(link: object, base: str | None = None) -> str | None:
    """Return an absolute http or https link without userinfo, or None where there is none.

    Relative links need a base. Bad ports, other schemes and overlong links are None.
    """
    if not isinstance(link, str) or not link.strip() or len(link) > MAX_LINK:
        return None
    text = link.strip()
    if not _SCHEME.match(text):
        if base is None or re.search(r"\s", text):
            return None
        text = _join(base, text)
    return _checked(text)


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def _checked(text: str) -> str | None:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or not host:
        return None
    netloc = _host(host)
    if netloc is None:
        return None
    if port is not None and port != {"http": 80, "https": 443}[parts.scheme.lower()]:
        netloc = f"{netloc}:{port}"
    tail = [_UNSAFE.sub(_percent, part) for part in (parts.path, parts.query, parts.fragment)]
    shown = urlunsplit((parts.scheme.lower(), netloc, *tail))
    return shown if len(shown) <= MAX_LINK else None


def _percent(match: re.Match[str]) -> str:
    return quote(match.group(), safe="")


def _host(host: str) -> str | None:
    if ":" in host:
        return f"[{host}]"
    if not host.isascii():
        # A look-alike letter must be visible as such: the host is shown in its ASCII form.
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return None if _UNSAFE.search(host) else host.lower()


@lru_cache(maxsize=1024)
def fold_link(link: str) -> str:
    """Return the form by which spellings of one link are equal; "" for what is no web link.

    Folded: scheme, host case, www, default port, trailing slash, index file, /amp, fragment and
    tracking parameters; the order of the others.
    """
    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    if not host:
        return ""
    if port not in (None, 80, 443):
        host = f"{host}:{port}"
    path = _AMP.sub("", _INDEX.sub("", parts.path)).rstrip("/")
    return f"{host.removeprefix('www.')}{unquote(path)}{_kept_query(parts.query)}"


def _kept_query(query: str) -> str:
    if not query:
        return ""
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = sorted(pair for pair in pairs if not _TRACKING.fullmatch(pair[0]) and pair[0] != "amp")
    return f"?{urlencode(kept)}" if kept else ""


def fold_site(url: str) -> str:
    """Return a site's host and path without scheme, www and trailing slash; "" for none.

    A bare host with its path is taken too.
    """
    address = url if "//" in url else f"//{url}"
    return fold_link(address.split("?")[0].split("#")[0])


@lru_cache(maxsize=1024)
def wordpress_post(guid: str) -> tuple[str, int] | None:
    """Return the site and post number of a guid such as https://site/?p=123, else None."""
    try:
        parts = urlsplit(guid)
    except ValueError:
        return None
    found = _POST_QUERY.search(parts.query)
    if found is None or not parts.netloc or parts.fragment or not parts.path.endswith("/"):
        return None
    return fold_site(guid), int(found.group(1))
