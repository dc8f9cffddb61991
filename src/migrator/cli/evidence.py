"""`migrator evidence`: what a wave's moves looked like before they were taken back, as one archive.

Reads the store and writes one new file; with --erase it erases what is kept, for good, and leaves a
word of who did and why. Secrets were struck out before anything was kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.identity import AsOption
from migrator.cli.output import Format, FormatOption
from migrator.cli.runs import DEFAULT_STORE, StoreOption, os_user
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.store.kept_evidence import KeptEvidence
    from migrator.store.sql import Store
    from migrator.store.sql_journal import SqlJournal


def command(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's name or latest.")],
    wave: Annotated[str, typer.Argument(metavar="WAVE", help="A wave, or one of its moves.")],
    *,
    target: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.zip", help="The file to write.")
    ] = None,
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase what is kept, for good; say why.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why it is erased.")] = "",
    as_: AsOption = None,
    store: StoreOption = DEFAULT_STORE,
    form: FormatOption = Format.text,
) -> None:
    """Hand out what was kept of a wave's moves before they were taken back.

    \b
    Examples:
      migrator evidence latest 3
      migrator evidence latest 3 -o wave-3.zip
      migrator evidence night-1 register --erase --reason "a customer's name is in the log"

    Logs, pods, events and failed probes of each move, without secrets, with an index in README.txt.
    Without -o or --erase it lists what there is.
    """
    from migrator.store.find import find_run

    if erase and not reason.strip():
        raise InputError(
            "reason-missing",
            "evidence is erased for good, and nobody said why",
            hint='add --reason "..."; it is kept in the place of what is erased',
        )
    opened, name = find_run(run, store)
    with opened:
        journal = opened.journal(name, lead=False)
        found = _of_wave(journal, name, wave)
        if erase:
            _erase(opened, journal, found, by=as_, reason=reason.strip())
            return
        if target is not None:
            content = _archive(opened, name, wave, found)
            _write(target, content)
            output.say(f"{target}: {len(found)} archives of {name}, {len(content)} bytes")
    if form is Format.json:
        output.emit({"run": name, "evidence": [_row(each) for each in found]})
    elif target is None:
        for each in found:
            output.show(_line(each))


def _of_wave(journal: SqlJournal, name: str, wave: str) -> tuple[KeptEvidence, ...]:
    from migrator.store.kept_evidence import of_run

    legs = journal.itinerary().legs
    moves = {str(move) for move, leg in legs.items() if wave in {str(leg.wave), str(move)}}
    waves = sorted({str(leg.wave) for leg in legs.values()})
    if not moves:
        raise InputError(
            "unknown-wave",
            f"{name} has no wave and no move called {wave}",
            hint=f"its waves are {', '.join(waves)}",
        )
    every = of_run(journal)
    found = tuple(each for each in every if each.move in moves)
    if not found:
        others = sorted({f"{legs[each.move].wave}/{each.move}" for each in every})
        raise InputError(
            "no-evidence",
            f"no evidence of {wave} is kept in {name}",
            hint=f"there is some of {', '.join(others)}"
            if others
            else "it is kept before a move on a cluster is taken back, and nothing was yet",
        )
    return found


def _erase(
    store: Store,
    journal: SqlJournal,
    found: Sequence[KeptEvidence],
    *,
    by: str | None,
    reason: str,
) -> None:
    from migrator.cli.identity import who
    from migrator.conductor.clock import wall_now
    from migrator.store.kept_evidence import erase

    person = who(by, os_user(), journal.itinerary().members)
    erased = erase(store, journal, found, by=person, at=wall_now(), reason=reason)
    output.say(f"{erased} archives were erased for good; backups made before still hold them")


def _archive(store: Store, name: str, wave: str, found: Sequence[KeptEvidence]) -> bytes:
    from migrator.store.kept_evidence import files_of, packed

    files: dict[str, bytes] = {}
    index = [f"Evidence of {wave} in the run {name}", ""]
    for each in found:
        index += [f"{each.folder}/  {each.digest}"]
        inside = files_of(store, each)
        if inside is None:
            index += [f"  {each.erased or 'erased'}", ""]
            continue
        for file, content in sorted(inside.items()):
            files[f"{each.folder}/{file}"] = content
            index += [f"  {file}  {len(content)} bytes"]
        index += [f"  not here: {missing}" for missing in each.missing] + [""]
    index += [
        "Kept before a move was taken back, within ten seconds and 20 MB. Secrets were struck out:",
        "the values of the pods' Secrets and variables, tokens, keys, and what stands behind a",
        "word such as password. Times in logs are UTC. A log ends with what was said last.",
    ]
    files["README.txt"] = ("\n".join(index) + "\n").encode()
    return packed(files)


def _write(target: Path, content: bytes) -> None:
    if target.exists():
        raise InputError(
            "output-not-possible",
            f"{target} is there already",
            hint="name another file; nothing is overwritten",
        )
    try:
        target.write_bytes(content)
    except OSError as error:
        raise InputError(
            "output-not-possible",
            f"{target} cannot be written: {error.strerror}",
            hint="name a file in a folder that is there and yours",
        ) from error


def _row(each: KeptEvidence) -> dict[str, object]:
    return {
        "move": each.move,
        "attempt": each.attempt,
        "act": each.act,
        "number": each.number,
        "digest": each.digest,
        "files": each.files,
        "bytes": each.size,
        "missing": list(each.missing),
        "erased": each.erased,
    }


def _line(each: KeptEvidence) -> str:
    what = each.erased or f"{each.files} files, {each.size} bytes"
    if each.missing and not each.erased:
        what += f", {len(each.missing)} not to be had"
    return f"{each.folder}  {each.digest[:12]}  {what}"
