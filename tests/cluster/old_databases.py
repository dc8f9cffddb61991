"""The old platform's PostgreSQL, and what stands for it on the cluster.

One server of Debian's programs in the lab's network `old`, with a database and a writer's role for
each subsystem. PostgreSQL refuses to be run by the superuser, so it runs as another user. What it
promises about power loss is not tested here: it is told not to sync.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cluster.lab.parts import OLD_ADDRESS, Lab, wait_until
from cluster.lab.settings import NODE_ADDRESS
from migrator.platform.kubernetes.objects import KubeObject
from postgresql_server import _other_user, programs

if TYPE_CHECKING:
    import pwd

NAME: Final = "old-postgresql"
PORT: Final = 5432
FIRST_TARGET_PORT: Final = 30500
OWNER: Final = "postgres"
SCHEMA: Final = """
CREATE TABLE entry (
  id bigserial PRIMARY KEY, number bigint NOT NULL, at timestamptz DEFAULT now());
GRANT ALL ON ALL TABLES IN SCHEMA public TO {writer};
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {writer};
"""
OPTIONS: Final = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "logical",
    "max_replication_slots": "20",
    "max_wal_senders": "20",
    "max_worker_processes": "20",
    "max_logical_replication_workers": "12",
    "shared_buffers": "16MB",
    "listen_addresses": "*",
}
FILL: Final = "INSERT INTO entry (number) SELECT -n FROM generate_series(1, 500) n"


@dataclass(frozen=True, slots=True)
class OldDatabase:
    """A database on the old side, and the port of the nodes that its target gets."""

    name: str
    writer: str
    target_port: int

    @property
    def as_application(self) -> Mapping[str, object]:
        """As the old application reaches it."""
        return {"host": OLD_ADDRESS, "port": PORT, "user": self.writer, "database": self.name}

    @property
    def ends(self) -> Mapping[str, tuple[str, int]]:
        """Where both of its sides answer: the old server, and the node's port of the new one."""
        return {"old": (OLD_ADDRESS, PORT), "new": (NODE_ADDRESS, self.target_port)}


def old_database(number: int, name: str) -> OldDatabase:
    """The database of a subsystem."""
    return OldDatabase(name, f"{name}_app", FIRST_TARGET_PORT + number)


@dataclass(frozen=True, slots=True)
class Target:
    """What the subsystem's manifests and its cut-over file say of the database."""

    objects: tuple[KubeObject, ...]
    move: KubeObject


def a_target(subsystem: str, image: str, old: OldDatabase) -> Target:
    """A PostgreSQL on the cluster with the same empty tables, reached from both sides."""
    name = f"{subsystem}-db"
    labels: KubeObject = {"app": name}
    made = f"CREATE ROLE {old.writer} LOGIN; {SCHEMA.format(writer=old.writer)}"
    set_up = (
        "until pg_isready -q -h 127.0.0.1; do sleep 0.2; done; "
        f"createdb -h 127.0.0.1 -U {OWNER} {old.name} && "
        f"psql -q -h 127.0.0.1 -U {OWNER} -d {old.name} -c '{made}'"
    )
    look = f"psql -h 127.0.0.1 -U {OWNER} -d {old.name} -c 'TABLE entry LIMIT 1'"
    args = [word for key, value in OPTIONS.items() if key != "listen_addresses"
            for word in ("-c", f"{key}={value}")]  # fmt: skip
    container: KubeObject = {
        "name": "server",
        "image": image,
        "args": [*args],
        "ports": [{"name": "main", "containerPort": PORT}],
        "lifecycle": {"postStart": {"exec": {"command": ["sh", "-c", set_up]}}},
        "readinessProbe": {
            "exec": {"command": ["sh", "-c", look]},
            "periodSeconds": 2,
            "timeoutSeconds": 5,
        },
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
    }
    pod: KubeObject = {"containers": [container], "terminationGracePeriodSeconds": 2}
    deployment: KubeObject = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    port: KubeObject = {"port": PORT, "targetPort": "main", "nodePort": old.target_port}
    service: KubeObject = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"type": "NodePort", "selector": labels, "ports": [port]},
    }
    end: KubeObject = {"database": old.name, "user": OWNER}
    move: KubeObject = {
        "name": old.name,
        "source": {"host": OLD_ADDRESS, "port": PORT, **end},
        "target": {"host": NODE_ADDRESS, "port": old.target_port, **end},
        "writers": [old.writer],
        "tables": ["public.entry"],
    }
    return Target((deployment, service), move)


class OldServer:
    """The old platform's database server in a lab."""

    def __init__(self, lab: Lab, databases: tuple[OldDatabase, ...]) -> None:
        found = programs()
        assert found is not None, "no PostgreSQL server is installed here"
        self._lab = lab
        self._programs = found
        self._user = _other_user()
        self.databases = databases
        # A socket's path has 107 bytes at most, and pytest's folders are long.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))

    def start(self) -> None:
        """Make its files, start it, and fill the databases."""
        data = self._folder / "data"
        if self._user is not None:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._as_user("initdb", "--no-sync", "-A", "trust", "-U", OWNER, "-E", "UTF8",
                      "--no-locale", "-D", str(data))  # fmt: skip
        with (data / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all trust\nhost replication all all trust\n")
        argv: list[str | Path] = [self._programs / "postgres", "-D", data]
        for key, value in OPTIONS.items():
            argv += ["-c", f"{key}={value}"]
        argv += ["-c", f"unix_socket_directories={self._folder}", "-c", f"port={PORT}"]
        self.end()
        # The libraries are this machine's own, not those of the lab's unpacked programs.
        env = {"LD_LIBRARY_PATH": ""}
        self._lab.run(NAME, [*_dropped(self._user), *argv], network="old", env=env)
        wait_until(self._answers, 30, f"no old PostgreSQL: {self._lab.last_words(NAME)}")
        for each in self.databases:
            sql((OLD_ADDRESS, PORT), "postgres", f"CREATE ROLE {each.writer} LOGIN")
            sql((OLD_ADDRESS, PORT), "postgres", f"CREATE DATABASE {each.name}")
            sql((OLD_ADDRESS, PORT), each.name, SCHEMA.format(writer=each.writer))
            sql((OLD_ADDRESS, PORT), each.name, FILL)

    def end(self) -> None:
        """Stop it."""
        if self._lab.lives(NAME):
            self._lab.kill(NAME)

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        import psycopg

        try:
            sql((OLD_ADDRESS, PORT), "postgres", "SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _as_user(self, program: str, *words: str) -> None:
        argv: list[str | Path] = [*_dropped(self._user), self._programs / program, *words]
        done = subprocess.run(argv, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _dropped(user: pwd.struct_passwd | None) -> list[str]:
    if user is None:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv is not None, "util-linux is not whole"
    return [setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def sql(address: tuple[str, int], database: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement as somebody beside the program would."""
    import psycopg

    host, port = address
    with psycopg.connect(
        host=host, port=port, dbname=database, user=OWNER, autocommit=True, connect_timeout=5
    ) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def numbers(address: tuple[str, int], database: str) -> list[int]:
    """The rows that a side has, by the numbers that their writer gave them."""
    return [int(str(row[0])) for row in sql(address, database, "SELECT number FROM entry")]
