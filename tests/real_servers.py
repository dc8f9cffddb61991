"""Real servers for the checks to look at: installed here, or in a folder of unpacked packages.

`tests/probing/servers.sh FOLDER` fills such a folder without any right of the superuser, and
MIGRATOR_SERVERS names it. Every server listens on 127.0.0.1 only, at a port of its own, keeps its
files in the test's folder and ends with the test. What is not there is skipped with its reason.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

FOLDERS = ("usr/sbin", "usr/bin", "sbin", "bin", "venv/bin")


def program(name: str) -> str:
    """Where this server's program is."""
    unpacked = os.environ.get("MIGRATOR_SERVERS")
    for folder in FOLDERS if unpacked else ():
        found = Path(unpacked or "") / folder / name
        if found.exists():
            return str(found)
    on_path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if on_path is None:
        pytest.skip(f"{name} is not installed here; tests/probing/servers.sh says how to get it")
    return on_path


def free_port() -> int:
    """A port that nobody listens on, for tcp and udp."""
    with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        port: int = tcp.getsockname()[1]
        udp.bind(("127.0.0.1", port))
        return port


@contextmanager
def folder_of_another() -> Iterator[tuple[Path, int | None]]:
    """A folder of the user as whom a server runs that mistrusts the superuser's rights."""
    folder = Path(tempfile.mkdtemp(prefix="real-", dir="/tmp"))
    user = None
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody").pw_uid
        os.chown(folder, user, -1)
    try:
        yield folder, user
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(
    command: Sequence[str], port: int, folder: Path, *, as_user: int | None = None
) -> Iterator[tuple[str, int]]:
    """A server that accepts connections at this port of 127.0.0.1."""
    libraries = Path(os.environ.get("MIGRATOR_SERVERS", "/")) / "usr/lib/x86_64-linux-gnu"
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            cwd=folder,
            env={**os.environ, "LD_LIBRARY_PATH": str(libraries)},
            user=as_user,
        )
    try:
        for _ in range(200):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, log.read_text(errors="replace")
            time.sleep(0.05)
        else:
            raise AssertionError(f"{command[0]} did not listen: {log.read_text(errors='replace')}")
        yield ("127.0.0.1", port)
    finally:
        server.terminate()
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def appears(log: Path, text: str) -> bool:
    """Whether a server's log holds this text, now or in a moment."""
    for _ in range(100):
        if text in log.read_text(errors="replace"):
            return True
        time.sleep(0.02)
    return False
