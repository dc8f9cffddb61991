"""`migrator erase`: notes and pictures of handlers, listed, and erased for good.

They may show what nobody should keep, so they lie beside the journal, which names them by digest.
Erasing one leaves who did it, when and why; the journal does not change, and its chain stays whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, RunArgument, StoreOption, os_user
from migrator.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from migrator.store.pictures import Named, Pictures, Tombstone

SHOWN: Final = 12
"""Digits of a digest: enough to name one of a weekend."""


def command(
    run: RunArgument,
    digest: Annotated[
        str,
        typer.Argument(metavar="[DIGEST]", help="Of the note or picture; its beginning will do."),
    ] = "",
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why it is erased.")] = "",
    as_: AsOption = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Erase a note or a picture that came with a verdict, for good.

    \b
    Examples:
      migrator erase latest
      migrator erase latest 3fa9c2d1 --reason "a name can be read in it"

    Without a digest it lists what there is. Who erased it, when and why stays. Backups that were
    made before still hold it.
    """
    from migrator.store.find import find_run
    from migrator.store.pictures import Pictures, named

    if digest and not reason.strip():
        raise InputError(
            "reason-missing",
            "what a handler wrote or sent is erased for good, and nobody said why",
            hint='add --reason "..."; it is kept in the place of what is erased',
        )
    opened, name = find_run(run, store)
    with opened:
        journal = opened.journal(name, lead=False)
        found = named(journal.lines())
        album = Pictures(opened.database, name)
        if digest:
            one = _meant(found, digest, name)
            from migrator.cli.identity import who

            person = who(as_, os_user(), journal.itinerary().members)
            _erase(album, one, person, reason.strip())
        stones = album.tombstones({each.digest for each in found})
    if form is Format.json:
        rows = [_row(each, stones) for each in found if not digest or each.digest == one.digest]
        output.emit({"run": name, "kept": rows})
    elif not digest:
        for each in found:
            output.show(_line(each, stones))
        if not found:
            output.say(f"no verdict of {name} came with a note or a picture")


def _meant(found: Sequence[Named], digest: str, run: str) -> Named:
    """The one that begins so."""
    wanted = digest.lower()
    hits = {each.digest: each for each in found if each.digest.startswith(wanted)}
    if len(hits) != 1:
        raise InputError(
            "nothing-to-erase",
            f"{len(hits) or 'no'} notes and pictures of {run} have a digest that begins {digest!r}",
            hint=f"migrator erase {run} lists them",
        )
    return next(iter(hits.values()))


def _erase(album: Pictures, one: Named, person: str, reason: str) -> None:
    from migrator.conductor.clock import wall_now

    kind = album.erase(one.digest, person, reason, wall_now())
    what = f"the {one.kind} of {one.person} on {one.check}"
    if kind:
        output.say(f"{what} was erased for good; backups made before still hold it")
    else:
        output.say(f"{what} was erased before")


def _line(each: Named, stones: Mapping[str, Tombstone]) -> str:
    stone = stones.get(each.digest)
    told = "" if stone is None else f"  erased by {stone.person}: {stone.why}"
    at = f"{each.at:%Y-%m-%d %H:%M}"
    return f"{each.digest[:SHOWN]}  {each.kind:<7}  {at}  {each.person}  {each.check}{told}"


def _row(each: Named, stones: Mapping[str, Tombstone]) -> dict[str, object]:
    stone = stones.get(each.digest)
    return {
        "digest": each.digest,
        "kind": each.kind,
        "check": each.check,
        "person": each.person,
        "at": each.at,
        "erased": None
        if stone is None
        else {"by": stone.person, "at": stone.erased, "reason": stone.why},
    }
