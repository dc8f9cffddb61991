"""A terminal that may hang up, freeze or vanish while a run is led: the run goes on all the same.

`run` shows its news through a `Teller`, which writes from a thread of its own: a terminal that
takes nothing any more (Ctrl-S, a dead ssh connection) must not make the conductor wait, and one
that was closed must not end it. What could not be shown is in the journal; nothing is lost.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, TextIO

from migrator.cli import output

if TYPE_CHECKING:
    from rich.live import Live

LINES_WAITING_MAX: Final = 5_000
"""News of two weekends of a thousand subsystems; a terminal that is further behind misses some."""

HUNG_UP: Final = frozenset({errno.EIO, errno.EPIPE, errno.ENXIO})
"""What a write says when the terminal was closed, or the reader of a pipe has left."""

COLOURS: Final = {"bad": "red", "warn": "yellow", "good": "green"}


@contextlib.contextmanager
def outliving_its_terminal() -> Iterator[None]:
    """Go on when the terminal is closed: a window that somebody shuts is not an order to stop."""
    before = None
    with contextlib.suppress(ValueError):  # only the main thread may say what a signal means
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        if before is not None:
            signal.signal(signal.SIGHUP, before)


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Say a result that nobody may be there to read: its loss does not change an exit code."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        if error.errno not in HUNG_UP:
            raise
        let_go(sys.stdout)
        let_go(sys.stderr)


def let_go(stream: TextIO) -> None:
    """Let what is still written to a stream go nowhere, where its other end has gone."""
    try:
        stream.flush()
    except OSError:
        with contextlib.suppress(OSError, ValueError):  # a stream without a file of its own
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


class Teller:
    """Writes lines and a live footer to stderr, from a thread of its own. Never blocks its caller.

    The footer appears only where stderr is a terminal, and vanishes at the end; the lines stay.
    """

    def __init__(self) -> None:
        """Write to what stderr is now."""
        self._stream = sys.stderr
        self.live = self._stream.isatty()
        self._waiting: queue.Queue[tuple[str, str] | None] = queue.Queue(LINES_WAITING_MAX)
        self._footer: Sequence[str] | None = None
        self._missed = 0
        self._lost = False
        self._thread = threading.Thread(target=self._work, name="teller", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end. A frozen terminal is waited for: nothing is led any more."""
        self._waiting.put(None)
        self._thread.join()

    def line(self, text: str, tone: str) -> None:
        """Show a line."""
        try:
            self._waiting.put_nowait((text, tone))
        except queue.Full:
            self._missed += 1

    def footer(self, lines: Sequence[str]) -> None:
        """Draw the footer anew, as soon as the terminal takes it; an older one is dropped."""
        fresh = self._footer is None
        self._footer = lines
        if fresh:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(("", ""))

    # --- in the thread ----------------------------------------------------------------------

    def _work(self) -> None:
        screen: Live | None = None
        with contextlib.suppress(OSError):
            screen = self._screen() if self.live else None
        while (item := self._waiting.get()) is not None:
            if self._lost:
                continue
            try:
                self._show(screen, *item)
            except OSError:
                self._lose()
        if screen is not None:
            with contextlib.suppress(OSError):
                screen.stop()

    def _screen(self) -> Live:
        from rich.live import Live as RichLive

        screen = RichLive(
            console=output.console(self._stream),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        screen.start()
        return screen

    def _show(self, screen: Live | None, text: str, tone: str) -> None:
        if self._missed:
            missed, self._missed = self._missed, 0
            self._print(screen, f"({missed} lines were not shown: see migrator journal)", "warn")
        if text:
            self._print(screen, text, tone)
            return
        footer, self._footer = self._footer, None
        if screen is not None and footer is not None:
            from rich.text import Text

            shown = Text(no_wrap=True, overflow="ellipsis")
            width = screen.console.width - 1
            shown.append("\n".join(line[:width] for line in footer), style="bold")
            screen.update(shown, refresh=True)

    def _print(self, screen: Live | None, text: str, tone: str) -> None:
        colour = COLOURS.get(tone, "")
        if screen is not None:
            from rich.text import Text

            screen.console.print(Text(text, style=colour))
            return
        line = output.colour(text, colour, self._stream) if colour else text
        self._stream.write(line + "\n")
        self._stream.flush()

    def _lose(self) -> None:
        """The terminal has gone: what is still told goes nowhere, and nobody is held up."""
        self._lost = True
        let_go(self._stream)
