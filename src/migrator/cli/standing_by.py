"""Standing by: waiting beside whoever leads a run, and leading it as soon as nobody does.

Used by `run --continue RUN --standby`. A standby reads and never writes until the lease is its own;
whether it may have it the store alone decides, so any number of them may stand by, on any host that
reaches the store. The journal is proven and folded and everything loaded before the wait begins: a
take-over needs neither a start of the program nor a surprise.
"""

from __future__ import annotations

import contextlib
import time
from importlib import import_module
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.going_on import Answer, go_on, may_go_on
from migrator.cli.terminal import outliving_its_terminal, unheard
from migrator.errors import EnvironmentFailed, TransientError

if TYPE_CHECKING:
    from migrator.store.sql import Store
    from migrator.wiring import Practice
    from migrator.wiring.live import Live

LOOK_SECONDS: Final = 0.1
"""How often a standby looks whether the leader of a run is still there; a read of one row."""

ASK_LOOKS: Final = 10
"""Every so many looks it asks for the lease itself: by its session lock, only a server can tell
that a process on another host has ended."""

HELD_BY_ANOTHER: Final = "journal-locked"


def take_over(
    store: Store, run: str, speed: float | None, answer: Answer
) -> tuple[str, Practice | Live]:
    """Wait until nobody leads the run, and lead it; its whole name, and what is led.

    Ctrl-C leaves. A run that ends meanwhile is led too: there is nothing left to do but to show it.
    """
    name = store.resolve(run)
    accepted = _prepare(store, name, answer)
    with outliving_its_terminal():
        watch = _Watch(store, name)
        while True:
            if watch.nobody_leads():
                try:
                    return go_on(store, name, speed, accepted)
                except EnvironmentFailed as error:
                    if not _passes(error):
                        raise
                    watch.told_why(error)
            time.sleep(LOOK_SECONDS)


def _prepare(store: Store, name: str, answer: Answer) -> Answer:
    """Find out now, and not at the death of a leader, what would keep us from leading the run."""
    from migrator.conductor.loop import refold

    import_module("migrator.wiring" if store.practice else "migrator.wiring.live")
    journal = store.journal(name, lead=False)
    journal.verify()
    run = refold(journal)
    if store.practice:
        from migrator.platform.simulated.keeping import WorldFile

        WorldFile.read(store.folder, name, journal.itinerary())
    return may_go_on(run, name, answer)


def _passes(error: EnvironmentFailed) -> bool:
    """Tell whether waiting is an answer: another one was quicker, or the store is away."""
    return isinstance(error, TransientError) or error.reference == HELD_BY_ANOTHER


class _Watch:
    """Looks at who leads a run, and says so whenever that changes."""

    def __init__(self, store: Store, name: str) -> None:
        self._journal = store.journal(name, lead=False)
        self._name = name
        self._told = ""
        self._looks = 0

    def nobody_leads(self) -> bool:
        """Tell whether it is time to ask for the lease."""
        try:
            leader = self._journal.leader()
        except TransientError as error:
            self.told_why(error)
            return False
        if leader is None:
            self._tell(f"nobody leads {self._name} any more: taking over")
            return True
        self._tell(f"standing by: {leader} leads {self._name}; Ctrl-C leaves")
        self._looks += 1
        return self._looks % ASK_LOOKS == 0

    def told_why(self, error: EnvironmentFailed) -> None:
        """Say why the lease could not be had; that another one leads is said by the next look."""
        if error.reference != HELD_BY_ANOTHER:
            self._tell(f"standing by: {error.message}")

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            with contextlib.suppress(ValueError), unheard():
                output.say(text)
