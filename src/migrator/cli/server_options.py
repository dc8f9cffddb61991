"""`--server URL`: the verbs and the looks of the command line, through a run's pages.

`lazy.py` gives the options to the commands that are named here, so none of them knows of it; what
they all begin with (`runs.see_run`) asks here which server was chosen. A machine on which nobody
may reach the store then does what the store's own machine does, with the same words. The person is
whose token it is: the server decides, and --as says nothing more.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, get_type_hints

import typer

from migrator.errors import InputError

TOKEN_VARIABLE: Final = "MIGRATOR_TOKEN"  # noqa: S105 - its name, not a token
FAR_SECONDS: Final = 0.25
"""How long a server is asked to wait for a command's answer before it is asked again."""
SERVED: Final = frozenset(
    {
        "status", "decide", "watch", "since",
        "tick", "withdraw", "claim", "hand-over", "arrive", "leave", "raise",
        "go", "no-go", "postpone", "pause", "resume", "hold", "release", "retry", "skip",
        "force-done", "abandon", "record", "unwind", "abort", "extend", "sign", "waive", "veto",
        "commit", "disturb", "staff", "log", "close",
    }
)  # fmt: skip
"""What needs a file, a second person or the store itself stays on the store's machine."""

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        metavar="URL",
        help="Through the pages of a run; with a token of `migrator token` in MIGRATOR_TOKEN.",
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="Where the token stands, with --server."),
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A server, and with whose word one comes."""

    url: str
    token: str


_CHOSEN: ContextVar[Chosen | None] = ContextVar("server", default=None)


def chosen() -> Chosen | None:
    """The server that this command goes through; None: it works on a store."""
    return _CHOSEN.get()


def with_server(command: Callable[..., object]) -> Callable[..., object]:
    """The same command, which also takes --server and --token-file."""

    @functools.wraps(command)
    def either(
        *arguments: object,
        server: str | None = None,
        token_file: Path | None = None,
        **named: object,
    ) -> object:
        with _through(server, token_file):
            return command(*arguments, **named)

    # typer reads both; the words of the command's own module are looked up there.
    hints = get_type_hints(command, include_extras=True)
    kept = [
        each.replace(annotation=hints.get(each.name, each.annotation))
        for each in inspect.signature(command).parameters.values()
    ]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=hint)
        for name, hint in (("server", ServerOption), ("token_file", TokenFileOption))
    ]
    either.__signature__ = inspect.Signature([*kept, *more])  # type: ignore[attr-defined] # as typing has no word for it
    either.__annotations__ = {**hints, "server": ServerOption, "token_file": TokenFileOption}
    return either


@contextmanager
def _through(server: str | None, token_file: Path | None) -> Iterator[None]:
    if server is None:
        if token_file is not None:
            raise InputError(
                "usage",
                "--token-file goes with --server",
                hint="name the server, too: --server https://weekend.example:8443",
            )
        yield
        return
    before = _CHOSEN.set(Chosen(server, _token(token_file)))
    try:
        yield
    finally:
        _CHOSEN.reset(before)


def _token(file: Path | None) -> str:
    """The token: out of a file, or the environment. Never an argument, which others could see."""
    if file is None:
        token = os.environ.get(TOKEN_VARIABLE, "").strip()
    else:
        token = file.read_text(encoding="utf-8").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError(
            "server-token",
            f"{file or TOKEN_VARIABLE} holds no token",
            hint="`migrator token RUN PERSON`, on the store's machine, makes one",
        )
    return token
