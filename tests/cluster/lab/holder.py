"""The first process of a lab: while it lives the lab lives, and nothing of the lab outlives it.

It is number one of a process namespace and owner of a mount namespace. When it dies, however that
comes, the kernel kills every process in there (containers too) and lets go of every mount. It
starts what it is asked to start through a socket in the lab's folder, and it takes in the dead.

It is run as a program of its own, by path and without the project on its search path, so it
imports nothing but the standard library. Its first argument only marks it in the list of processes.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

PRIVATE: Final = ("/run", "/var/lib", "/var/log")
"""Where containerd, kubelet and the network plugins write whatever they are told: in here these
folders are the lab's own."""

REQUEST_BYTES_MAX: Final = 1 << 20
CLONE_NEWNET: Final = 0x40000000


def main(_token: str, folder: Path, networks: dict[str, str]) -> None:
    """Become the lab's first process."""
    # Opened before the machine's own /run, where they have their names, is hidden.
    opened = {name: os.open(path, os.O_RDONLY | os.O_CLOEXEC) for name, path in networks.items()}
    for path in PRIVATE:
        own = folder / "private" / path.lstrip("/").replace("/", "-")
        own.mkdir(parents=True)
        subprocess.run(["mount", "--bind", own, path], check=True)  # noqa: S607 - root's own path
    signal.signal(signal.SIGCHLD, take_in_the_dead)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "making.sock"))
        server.listen()
        # Whoever sees it under this name may connect.
        (folder / "making.sock").rename(folder / "holder.sock")
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as asked:
                line = asked.readline(REQUEST_BYTES_MAX)
                if line:  # who only connects wants to know which process this is
                    request = json.loads(line)
                    pid = start(request, opened[request["network"]])
                    connection.sendall(f"{pid}\n".encode())


def take_in_the_dead(_signal: int, _frame: object) -> None:
    """Ask for every child that has ended, ours or one that lost its parent."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def start(request: dict[str, object], network: int) -> int:
    """Start a program in one of the lab's networks, with its words going to a file."""
    argv, env = request["argv"], request["env"]
    assert isinstance(argv, list)
    assert isinstance(env, dict)
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        os.setsid()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(network, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "the network cannot be entered")
        log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for stream, target in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(target, stream)
        os.chdir("/")
        os.execve(argv[0], argv, env)  # noqa: S606 - the words are the lab's own
    except OSError as error:
        os.write(2, f"{argv[0]}: {error}\n".encode())
    os._exit(127)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
