"""The dry run of an act with an amended file: made here and now, before anybody answers for it.

Called by `migrator amend`, in the process of whoever gives it, on that machine and with the secrets
that this user may read. The bytes are the run's own with the new ones in place of the old; nothing
is written into the store or the journal, and no guard's record of the act itself is touched.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from migrator.engine.amending import digest_in_use, dry_run_of
from migrator.engine.run import Run
from migrator.engine.tasks import means_of
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts
from migrator.platform.legacy.platform import side_of
from migrator.platform.legacy.trying import Tried, try_out
from migrator.store.machine import ThisMachine
from migrator.store.pinned_files import SCRIPT, lay_out
from migrator.store.sql import Store
from migrator.store.sql_journal import SqlJournal

GRACE_SECONDS: Final = 2.0
"""Between SIGTERM and SIGKILL: somebody waits at the keyboard, and nothing is half done."""


def try_amendment(
    store: Store,
    journal: SqlJournal,
    run: Run,
    target: str,
    amended: tuple[str, bytes],
    seconds_max: float,
    progress: Callable[[int, str], None],
) -> Tried:
    """Make the dry run of an act that declares one, with `amended` (a file's name and its bytes).

    `target` is `move/act`, and is known to name one.
    """
    move, _, act = target.partition("/")
    means, tries = means_of(run, move, act), dry_run_of(run, move, act)
    assert means is not None, "the caller has looked"
    assert tries is not None, "the caller has looked"
    own = () if means.command is None else means.command.files
    # The amended file is there even where the dry run names none: what it calls may read it.
    names = tuple(dict.fromkeys((*tries.files, *own, amended[0])))
    folder = _folder_for(store)

    def files_for(_move: str, _act: str, _names: tuple[str, ...]) -> Path:
        digests = {name: digest_in_use(run, move, act, name) for name in names}
        programs = [name for name in names if SCRIPT + name in run.itinerary.programs]
        return lay_out(store, digests, folder / "files", programs, dict([amended]))

    commands = Commands(
        folder / "guards",
        files_for,
        machine=ThisMachine().myself().host,
        grace_seconds=GRACE_SECONDS,
        progress=lambda _act, share, text: progress(share, text),
    )
    facts = _facts(journal, run, move, act)
    try:
        return asyncio.run(try_out(commands, facts, replace(tries, files=names), seconds_max))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _folder_for(store: Store) -> Path:
    """A new private folder: beside the store, where acts are laid out, too, if we may write there.

    The folder for temporary files is the second choice: some machines execute nothing in it.
    """
    place = store.folder if os.access(store.folder, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix="dry-run-", dir=place)).resolve()


def _facts(journal: SqlJournal, run: Run, move: str, act: str) -> ActFacts:
    """The facts of the act's next try, with a token that no act ever has."""
    record = run.moves[move]
    known = record.steps.get(act) or record.undos[act]
    return ActFacts(
        run=journal.run_name,
        wave=record.wave,
        move=move,
        act=act,
        attempt=record.attempt,
        nth=known.nth + 1,
        token=f"dry-run-{uuid.uuid4().hex}",
        epoch=journal.lines(run.seq - 1)[-1].epoch,
        side=side_of(move, act),
        identity=journal.first_hash(),
        dry_run=True,
    )
