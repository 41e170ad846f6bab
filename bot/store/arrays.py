"""numpy, loaded when something of it is first asked for: a start needs none, and it takes long."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """Return what numpy calls by a name, and keep it here. Raises AttributeError."""
    if name.startswith("__"):
        raise AttributeError(name)
    value = getattr(import_module("numpy"), name)
    globals()[name] = value
    return value
