"""Discord's rate limits: a bucket a route and channel, one for the whole bot, real headers."""

import hashlib
import re
from collections import deque
from dataclasses import dataclass, field

from bot.playground import limits
from bot.playground.clock import Clock

Rate = tuple[int, float]

ROUTES: tuple[tuple[str, str, Rate], ...] = (
    ("POST", r"/channels/(\d+)/messages", limits.MESSAGE_RATE),
    ("PATCH", r"/channels/(\d+)/messages/\d+", limits.EDIT_RATE),
    ("DELETE", r"/channels/(\d+)/messages/\d+", limits.DELETE_RATE),
    ("POST", r"/channels/(\d+)/messages/\d+/crosspost", limits.OTHER_RATE),
    ("POST", r"/channels/(\d+)/threads", limits.MESSAGE_RATE),
    ("*", r"/webhooks/(\d+/[^/]+)(?:/.*)?", limits.WEBHOOK_RATE),
    ("*", r"/channels/(\d+)(?:/.*)?", limits.OTHER_RATE),
    ("*", r"/guilds/(\d+)(?:/.*)?", limits.OTHER_RATE),
    ("*", r"(?:)/.*", limits.OTHER_RATE),
)


@dataclass(slots=True)
class Bucket:
    """A window that opens with its first request."""

    name: str
    limit: int
    window_s: float
    used: int = 0
    opened: float = 0.0

    def take(self, now: float) -> float:
        """Use one request; answer 0, or the seconds to wait when none is left."""
        if self.used == 0 or now - self.opened >= self.window_s:
            self.used, self.opened = 0, now
        if self.used >= self.limit:
            return self.opened + self.window_s - now
        self.used += 1
        return 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, with the headers that Discord sends along."""

    retry_after_s: float
    scope: str
    headers: dict[str, str] = field(default_factory=dict)


class Limiter:
    """Counts the bot's requests."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self._recent: deque[float] = deque()
        self._publishes: dict[str, Bucket] = {}
        self.enabled = True

    def take(self, method: str, path: str) -> Verdict:
        """Count a request (path below /api/v10) and answer whether it may pass."""
        if not self.enabled or path.startswith("/interactions/"):
            return Verdict(0.0, "user")
        now = self._clock.monotonic()
        bucket = self._bucket(method, path)
        if not path.startswith("/webhooks/") and (wait := self._global_wait(now)):
            return Verdict(wait, "global", {"X-RateLimit-Global": "true"})
        wait = bucket.take(now)
        return Verdict(wait, "user", self._headers(bucket, now))

    def publish(self, channel_id: str) -> float:
        """Count a publish in a channel; answer the seconds to wait, or 0."""
        rate = limits.PUBLISH_RATE
        bucket = self._publishes.setdefault(channel_id, Bucket("publish", *rate))
        return bucket.take(self._clock.monotonic()) if self.enabled else 0.0

    def _global_wait(self, now: float) -> float:
        most, window = limits.GLOBAL_RATE
        while self._recent and now - self._recent[0] >= window:
            self._recent.popleft()
        if len(self._recent) >= most:
            return self._recent[0] + window - now
        self._recent.append(now)
        return 0.0

    def _bucket(self, method: str, path: str) -> Bucket:
        for route_method, pattern, rate in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and route_method in ("*", method):
                major = found[1] if found.groups() else ""
                verb = method if rate is limits.OTHER_RATE else route_method
                key = (f"{verb} {pattern}", major)
                return self._buckets.setdefault(key, Bucket(_digest(key[0]), *rate))
        raise AssertionError(path)

    def _headers(self, bucket: Bucket, now: float) -> dict[str, str]:
        after = max(0.0, bucket.opened + bucket.window_s - now)
        reset_at = self._clock.now().timestamp() + after
        return {
            "X-RateLimit-Limit": str(bucket.limit),
            "X-RateLimit-Remaining": str(bucket.limit - bucket.used),
            "X-RateLimit-Reset": f"{reset_at:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": bucket.name,
        }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
