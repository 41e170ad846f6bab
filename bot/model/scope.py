"""Whose archive is read."""

from __future__ import annotations

from dataclasses import dataclass

PUBLIC_SCOPE_ID = 0


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose archive is read: the public one, and with a guild also that guild's own feeds."""

    guild_id: int | None = None

    @property
    def visible(self) -> tuple[int, ...]:
        """The scope ids a reader may see, the public one first."""
        return (PUBLIC_SCOPE_ID,) if self.guild_id is None else (PUBLIC_SCOPE_ID, self.guild_id)


PUBLIC_SCOPE = Scope()
