"""`migrator said`: the whole output of a command or a call, as it was kept beside the journal.

The journal holds an act's last lines; at 03:00 somebody needs the rest. Secrets were struck out
before it was kept, and what was beyond the plan's limit was cut, which the text says itself.
"""

from __future__ import annotations

from typing import Annotated

import typer

from migrator.cli import output
from migrator.cli.runs import DEFAULT_STORE, StoreOption
from migrator.errors import InputError


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's name or latest.")],
    act: Annotated[str, typer.Argument(metavar="MOVE/STEP", help="A step or an undo of a move.")],
    *,
    attempt: Annotated[
        int | None, typer.Option("--attempt", help="Of the wave; the last unless told.")
    ] = None,
    store: StoreOption = DEFAULT_STORE,
) -> int:
    """Print what the program of an act said, try after try.

    \b
    Examples:
      migrator said latest register/final-copy
      migrator said night-1 register/final-copy --attempt 1 | less
    """
    from migrator.store.find import find_run

    opened, name = find_run(run, store)
    with opened:
        kept = opened.journal(name, lead=False).all_facts()
    beginning = f"output/{act}/"
    tries: dict[tuple[int, int], str] = {}
    for key, text in kept.items():
        if key.startswith(beginning) and isinstance(text, str):
            of_attempt, _, nth = key.removeprefix(beginning).partition("/")
            tries[int(of_attempt), int(nth)] = text
    last = attempt if attempt is not None else max((pair[0] for pair in tries), default=1)
    found = sorted((pair[1], text) for pair, text in tries.items() if pair[0] == last)
    if not found:
        known = sorted({key.split("/")[1] + "/" + key.split("/")[2] for key in kept
                        if key.startswith("output/")})  # fmt: skip
        raise InputError(
            "nothing-was-said",
            f"no output of {act} is kept in {name}, attempt {last}",
            hint=f"there is output of {', '.join(known)}"
            if known
            else "only acts by command or "
            "http in a live run say anything; `migrator journal show` has the rest",
        )
    for number, text in found:
        if len(found) > 1:
            output.show(f"--- try {number}")
        output.show(text)
    return 0
