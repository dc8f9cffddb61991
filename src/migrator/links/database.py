"""The connection to DuckDB: one place for its limits and for quoting into its SQL.

Called by the other modules of `links/`, and by `probes/` in child processes, whose sweeps are made
of links; by nobody else. A connection is made per question and closed again; it never loads an
extension, never reaches the network and never uses more than two threads or the stated memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from migrator.ids import ComponentId, SubsystemId
from migrator.inventory.model import Inventory

if TYPE_CHECKING:
    import duckdb

Answer = TypeVar("Answer")

THREADS: Final = 2
"""The project's figures hold on two cores; more threads buy little and cost a buffer each."""

MEMORY_LIMIT_MB: Final = 200
"""DuckDB's own share. With the interpreter and the library's code the process stays below 300 MB;
what does not fit goes to files in the work folder."""


@contextmanager
def connect(work: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty in-memory database; large sorts spill into `work` where one is given."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": THREADS,
        "memory_limit": f"{MEMORY_LIMIT_MB}MB",
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # A Parquet file's own statistics may lie; believed, they bend weights without a word.
        "disabled_optimizers": "statistics_propagation",
    }
    if work is not None:
        config["temp_directory"] = str(work)
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def meanwhile(
    connection: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection], Answer]
) -> Iterator[Callable[[], Answer]]:
    """Answer one question on a second thread while the block asks others.

    The block gets a function that gives the answer once the block has ended. What went wrong on
    the thread is raised at the block's end; the thread never outlives it.
    """
    import threading

    answers: list[Answer] = []
    failures: list[duckdb.Error] = []
    own = connection.cursor()

    def answer() -> None:
        import duckdb

        try:
            answers.append(work(own))
        except duckdb.Error as error:
            failures.append(error)

    thread = threading.Thread(target=answer, name="links-meanwhile")
    thread.start()
    try:
        yield lambda: answers[0]
    finally:
        thread.join()
        own.close()
    if failures:
        raise failures[0]


def text(value: str) -> str:
    """Write a value as an SQL string, for the places where DuckDB takes no parameters."""
    return "'" + value.replace("'", "''") + "'"


def file_name(path: Path) -> str:
    """Write a path as an SQL string that means this one file, even if it has wildcard signs."""
    return text("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path)))


def parquet(path: Path) -> str:
    """Write a Parquet file as something to select from."""
    return f"read_parquet({file_name(path)})"


def fill_components(
    connection: duckdb.DuckDBPyConnection, owners: Mapping[ComponentId, SubsystemId]
) -> None:
    """Make the table `components(component, owner)` that links are joined with.

    `owner` is the subsystem's place in `subsystems_in_order`: grouping millions of links by two
    small numbers takes half the time of grouping them by two names.
    """
    place = {subsystem: number for number, subsystem in enumerate(subsystems_in_order(owners))}
    connection.execute("CREATE TABLE components (component VARCHAR, owner INTEGER)")
    connection.execute(
        "INSERT INTO components SELECT unnest($1::VARCHAR[]), unnest($2::INTEGER[])",
        [list(owners.keys()), [place[owner] for owner in owners.values()]],
    )


def subsystems_in_order(owners: Mapping[ComponentId, SubsystemId]) -> tuple[SubsystemId, ...]:
    """The subsystems that have components, sorted; the numbers in `components` count along it."""
    return tuple(sorted(set(owners.values())))


def component_owners(inventory: Inventory) -> dict[ComponentId, SubsystemId]:
    """Say which subsystem each component belongs to; a component id is unique in the estate."""
    return {
        component.id: subsystem.id
        for subsystem in inventory.subsystems
        for component in subsystem.components
    }
