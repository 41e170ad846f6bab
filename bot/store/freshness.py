"""How much the newest may gain in the order of the best: a mild prior, bounded by its gain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# The newest gains a tenth, an article of two months a twentieth, one of a year a seventieth: less
# than a word more in the title is worth.
GAIN = 0.1
_HALF_S = 60 * 86_400
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a score is multiplied by. An article without a date gains nothing."""

    now_s: int = 0
    gain: float = 0.0

    @classmethod
    def at(cls, now: datetime, gain: float) -> Freshness:
        """Return the prior of a moment, of its hour: pages turned within it agree."""
        return cls(int(now.timestamp()) // _HOUR_S * _HOUR_S, gain)

    def of(self, published_at: int | None) -> float:
        """Return the factor of one article."""
        if published_at is None or not self.gain:
            return 1.0
        return 1.0 + self.gain * _HALF_S / (_HALF_S + max(0, self.now_s - published_at))

    @property
    def sql(self) -> str:
        """The factor of a row of `articles a`; its values are `values`."""
        if not self.gain:
            return "1.0"
        return (
            "(1.0 + iif(a.published_at IS NULL, 0.0,"
            " :gain * :half / (:half + max(0, :now - a.published_at))))"
        )

    @property
    def values(self) -> dict[str, object]:
        """What the SQL names."""
        if not self.gain:
            return {}
        return {"gain": self.gain, "half": _HALF_S, "now": self.now_s}

    @property
    def half_s(self) -> int:
        """The age in seconds at which half of the gain is left."""
        return _HALF_S
