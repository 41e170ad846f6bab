"""The running bot, and the only place where its parts meet."""

from bot.app.parts import Parts, utc_now
from bot.app.wire import WIRE, paced
from bot.app.wiring import assembled, examine_discord, favour_the_loop, reloaded_by_signal, run

__all__ = [
    "WIRE",
    "Parts",
    "assembled",
    "examine_discord",
    "favour_the_loop",
    "paced",
    "reloaded_by_signal",
    "run",
    "utc_now",
]
