"""Which run is meant, and in which store it is: for commands that only look.

A folder, or a database on a server, holds up to two stores, of practice and of live runs. A name is
looked for in both, and where both know it nothing is guessed. `latest` is the run that was begun
last, of either kind, by the wall time that was said when it began. Verbs that change a live run
never come through here.
"""

from __future__ import annotations

from pathlib import Path

from migrator.errors import InputError, MigratorError
from migrator.store.address import is_server, store_path
from migrator.store.sql import (
    DEFAULT_FOLDER,
    LATEST,
    Store,
    open_store,
    unknown_run,
)


def find_run(
    run: str, folder_or_url: str | Path = DEFAULT_FOLDER, *, practice: bool | None = None
) -> tuple[Store, str]:
    """The open store that holds a run, and the run's whole name. None: of either kind."""
    stores = stores_in(folder_or_url, practice=practice)
    try:
        store, name = _choose(run, stores, folder_or_url)
    except InputError:
        for each in stores:
            each.close()
        raise
    for each in stores:
        if each is not store:
            each.close()
    return store, name


def stores_in(
    folder_or_url: str | Path = DEFAULT_FOLDER, *, practice: bool | None = None
) -> tuple[Store, ...]:
    """The stores that exist in a folder, live before practice; at least one."""
    wanted = (False, True) if practice is None else (practice,)
    if is_server(str(folder_or_url)):
        return _on_server(str(folder_or_url), wanted)
    paths = {store_path(folder_or_url, practice=kind): kind for kind in wanted}
    # A file that is named itself holds one kind only; which one, it says when it is opened.
    if practice is None and len(paths) == 1:
        (path,) = paths
        return (_of_either_kind(path),)
    found = [
        open_store(path, practice=kind, create=False)
        for path, kind in paths.items()
        if path.exists()
    ]
    if not found:
        raise InputError(
            "store-missing",
            f"there is no store in {folder_or_url}: no run was begun or kept there",
            hint="go to the folder in which the run was begun, or name it with --store",
        )
    return tuple(found)


def _on_server(url: str, wanted: tuple[bool, ...]) -> tuple[Store, ...]:
    found = []
    for kind in wanted:
        try:
            found.append(open_store(url, practice=kind, create=False))
        except MigratorError as error:
            # A database may hold runs of one kind only; of neither kind, it is no store.
            if error.reference != "store-missing" or (kind is wanted[-1] and not found):
                for each in found:
                    each.close()
                raise
    return tuple(found)


def _of_either_kind(path: Path) -> Store:
    try:
        return open_store(path, practice=False, create=False)
    except InputError as error:
        if error.reference != "store-mode":
            raise
        return open_store(path, practice=True, create=False)


def _choose(run: str, stores: tuple[Store, ...], folder: str | Path) -> tuple[Store, str]:
    if run == LATEST:
        newest = [
            (rows[0].started, store, rows[0].name) for store in stores if (rows := store.runs())
        ]
        if newest:
            _, store, name = max(newest, key=lambda row: row[0])
            return store, name
    known = {store: [row.name for row in store.runs()] for store in stores}
    exact = [store for store, names in known.items() if run in names]
    if len(exact) > 1:
        raise InputError(
            "unknown-run",
            f"{run!r} is the name of a practice run and of a live run; the kind must be said",
            hint="say --practice or --live",
        )
    found = [(store, run) for store in exact] or [
        (store, name)
        for store, names in known.items()
        for name in names
        if run and name.startswith(run)
    ]
    if len(found) == 1:
        return found[0]
    every = [name for names in known.values() for name in names]
    raise unknown_run(run, str(folder), every, [name for _, name in found])
