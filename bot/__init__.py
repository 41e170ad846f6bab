"""Tagwire: a Discord bot that gives a community a news archive."""

__version__ = "0.1.0"
