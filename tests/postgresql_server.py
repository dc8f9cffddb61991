"""A PostgreSQL server of the tests' own: Debian's programs, a folder of its own, a socket, no port.

The first test that asks for a database starts it; a guard ends it with the process, however that
ends. PostgreSQL refuses to be run by the superuser, so there it runs as another user, who gets the
folder. What the server
promises about power loss is not tested here: it is told not to sync, except for benchmarks.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict

import pytest

if TYPE_CHECKING:
    from migrator.store.sql import Store

OTHER_USERS: Final = ("postgres", "nobody")
GUARD: Final = 'read -r _; "$0" -D "$1" -m immediate -w stop; rm -rf "$2"'
"""Reads from a pipe that closes with the process, also with a killed one or a worker of xdist."""

QUICK: Final = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class Server:
    """A server that runs until it is stopped. Databases are made one for each test."""

    def __init__(self, programs: Path, options: str = QUICK) -> None:
        """Make the files and start."""
        self._programs = programs
        self._options = options
        # A socket's path has 107 bytes at most, and pytest's folders are long.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self._user = _other_user()
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self._numbers = count(1)
        self._guard = subprocess.Popen(
            ["sh", "-c", GUARD, programs / "pg_ctl", self.folder / "data", self.folder],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # Ctrl-C is not meant for it
            **self._drop(),
        )
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "migrator", "-E", "UTF8")
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        listen = f"-c listen_addresses='' -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"{listen} {self._options}", "start")

    def stop(self, how: str = "fast") -> None:
        """Stop the server: `fast` drops its sessions, `immediate` is as if it was killed."""
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def database(self) -> str:
        """The address of a new, empty database."""
        name = f"test{next(self._numbers)}"
        self.sql("postgres", f"create database {name}")
        return self.address(name)

    def address(self, name: str) -> str:
        """The address of a database."""
        return f"postgresql+psycopg://migrator@/{name}?host={self.folder}"

    def sql(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as somebody beside the program would."""
        import psycopg

        with psycopg.connect(
            host=str(self.folder), dbname=database, user="migrator", autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def remove(self) -> None:
        """Stop it, and leave nothing behind."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()

    def _command(self, program: str, *words: str) -> list[str]:
        return [str(self._programs / program), "-D", str(self.folder / "data"), *words]

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            self._command(program, *words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the server would keep a pipe open
            stderr=subprocess.DEVNULL,
            check=False,
            cwd="/",
            **self._drop(),
        )
        assert done.returncode == 0, f"{program} ended with {done.returncode}"

    def _drop(self) -> _Dropped:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}


class _Dropped(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def programs() -> Path | None:
    """Where Debian keeps the server's programs, the newest version; None where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"), key=_version)
    if found:
        return found[-1].parent
    on_path = shutil.which("pg_ctl")
    return None if on_path is None else Path(on_path).resolve().parent


@cache
def server() -> Server:
    """The one server of this process; the test is skipped where none can be started."""
    found = programs()
    if found is None:
        pytest.skip("no PostgreSQL server is installed here")
    return Server(found)


def _version(pg_ctl: Path) -> int:
    version = pg_ctl.parent.parent.name
    return int(version) if version.isdigit() else 0


def _other_user() -> pwd.struct_passwd | None:
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    return next(known[name] for name in OTHER_USERS if name in known)


def until_no_session_holds_a_lock(store: Store) -> None:
    """The server drops a closed session's locks when its process ends: a moment later."""
    from sqlalchemy import text  # the mutants' own process loads nothing of the program

    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
    for _ in range(500):
        with store._database.reading() as connection:
            if not connection.execute(held).scalar_one():
                return
            connection.execute(text("SELECT pg_sleep(0.01)"))
    raise AssertionError("a session that was closed still holds its lock")
