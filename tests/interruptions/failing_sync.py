"""A disk that gives up in the middle of a commit: an I/O error, once, at a chosen commit.

What SQLite says when its sync fails. Whether the commit is kept is another matter: the pages may
have reached the log before (`late`), and then the next process finds it. Nobody can know at the
moment of the error, so nothing may be concluded from it.
"""

from __future__ import annotations

from itertools import count

from sqlalchemy import PoolProxiedConnection

from migrator.store.sql import Store
from migrator.store.sqlite import driver


def fail_at(store: Store, nth: int, *, late: bool) -> None:
    """Let the nth commit from now on fail: before it is made, or after."""
    dialect = store._database._engine.dialect
    commit, numbers = dialect.do_commit, count(1)

    def failing(connection: PoolProxiedConnection) -> None:
        broken = next(numbers) == nth
        if broken and not late:
            raise _io_error()
        commit(connection)
        if broken:
            raise _io_error()

    setattr(dialect, "do_commit", failing)  # noqa: B010 - a method is replaced on purpose


def _io_error() -> Exception:
    made: Exception = driver().OperationalError("disk I/O error")
    setattr(made, "sqlite_errorname", "SQLITE_IOERR_FSYNC")  # noqa: B010 - as the driver does
    return made
