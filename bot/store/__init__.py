"""The store: the only SQL, one noun one module. `async with Store.open(folder) as store`.

Store is loaded when it is first asked for: a backup needs next to nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.store.opened import Store

__all__ = ["DATABASE", "Store"]

DATABASE = "tagwire.db"


def __getattr__(name: str) -> Any:
    """Return Store, and keep it here. Raises AttributeError for any other name."""
    if name != "Store":
        raise AttributeError(name)
    from bot.store.opened import Store

    globals()[name] = Store
    return Store
