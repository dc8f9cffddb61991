"""A running lab, as those who use it see it: enter its networks, ask its API, stop and start parts.

Tests of failures come here: every part is a process that can be killed, paused and started again
with the same words. Whatever is started through here is in the lab's process namespace and on its
list, so it ends with the lab.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cluster.lab import ledger, programs, settings
from cluster.lab.building import TOOLS
from cluster.lab.ledger import Ledger, Process
from cluster.lab.machine import LabFailed, run

Network = Literal["lab", "old"]
CLONE_NEWNET: Final = 0x40000000
LOOK_SECONDS: Final = 0.05
OLD_ADDRESS: Final = "10.78.0.2"
"""Where the old platform's systems listen."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab that has been started."""

    ledger: Ledger
    folders: settings.Folders

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig; of use inside the lab's network only."""
        return self.folders.kubeconfig()

    def network(self, which: Network) -> Path:
        """The file of one of the two networks, as nsenter wants it."""
        lab, old = self.ledger.mounts
        return lab if which == "lab" else old

    @contextmanager
    def inside(self, which: Network = "lab") -> Iterator[None]:
        """Put the calling thread, and whatever it starts, into one of the lab's networks."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            within = os.open(self.network(which), os.O_RDONLY | os.O_CLOEXEC)
            _enter(within)
            os.close(within)
            try:
                yield
            finally:
                _enter(before)
        finally:
            os.close(before)

    def kubectl(self, *words: str, stdin: str | None = None, seconds_max: float = 120) -> str:
        """What kubectl says, from inside, as the administrator."""
        net = f"--net={self.network('lab')}"
        kubectl: list[str | Path] = [programs.program("kubectl"), f"--kubeconfig={self.kubeconfig}"]
        return run(["nsenter", net, *kubectl, *words], stdin=stdin, seconds_max=seconds_max)

    def start(self, part: str) -> None:
        """Start a part, or start it again after it was killed."""
        places = [programs.program(part), self.folders.tools / "usr" / "bin" / part]
        path = next(place for place in places if place.exists())
        self.run(part, [path, *settings.command_line(part, self.folders)])

    def run(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        network: Network = "lab",
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start a program under a name; a listener of the old platform, for example.

        A program that cannot be started says so in its log.
        """
        assert not self.lives(name), f"{name} runs already"
        request = {
            "argv": [str(word) for word in argv],
            "env": {**tools_env(self.folders.tools), "PATH": _path(self.folders.tools)}
            | dict(env or {}),
            "log": str(self.log(name)),
            "network": network,
        }
        inner = int(self._ask(json.dumps(request)))
        process = self._outer(inner)
        if process is None:
            raise LabFailed(f"{name} ended at once: {self.last_words(name)}")
        self.ledger.processes[name] = process
        self.ledger.write()
        return process

    def lives(self, name: str) -> bool:
        """Whether something that was started under a name still runs."""
        process = self.ledger.processes.get(name)
        return process is not None and process.lives

    def send(self, name: str, what: signal.Signals) -> None:
        """Send a signal to what was started under a name: pause it, let it go on, ask it to end."""
        with _handle(self.ledger.processes[name]) as handle:
            if handle is not None:
                signal.pidfd_send_signal(handle, what)

    def kill(self, name: str, *, seconds_max: float = 10) -> None:
        """Kill what was started under a name and wait until it is gone, its connections too."""
        with _handle(self.ledger.processes[name]) as handle:
            if handle is None:
                return
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            # Readable once the last of its threads has ended; /proc calls it dead before that.
            if not select.select([handle], [], [], seconds_max)[0]:
                raise LabFailed(f"{name} does not die (waited {seconds_max:.0f} s)")

    def log(self, name: str) -> Path:
        """The file with everything that was said under a name."""
        return self.folders.lab / "logs" / f"{name}.log"

    def last_words(self, name: str) -> str:
        """The end of what was said under a name."""
        try:
            return self.log(name).read_text(encoding="utf-8", errors="replace")[-2000:].strip()
        except FileNotFoundError:
            return "it never said anything"

    def add_fake_nodes(self, count: int) -> None:
        """Add simulated nodes. Pods come there by `type: kwok` as selector and toleration."""
        self.kubectl("apply", "--server-side", "-f", "-", stdin=_fake_nodes(count))

    def _ask(self, request: str) -> str:
        with socket.socket(socket.AF_UNIX) as holder:
            holder.settimeout(10)
            holder.connect(str(self.folders.lab / "holder.sock"))
            holder.sendall(f"{request}\n".encode())
            return holder.makefile().readline()

    def _outer(self, inner: int) -> Process | None:
        """A process by the number that it has in the lab's namespace; None if it has ended."""
        assert self.ledger.holder is not None
        own = Path(f"/proc/{self.ledger.holder.pid}/ns/pid").readlink()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                said = (entry / "status").read_text(encoding="utf-8")
                numbers = said.partition("\nNSpid:")[2].partition("\n")[0].split()
                if numbers[-1:] == [str(inner)] and (entry / "ns" / "pid").readlink() == own:
                    begun = ledger.started(int(entry.name))
                    return Process(int(entry.name), begun) if begun is not None else None
            except (FileNotFoundError, ProcessLookupError):
                continue
        return None


@contextmanager
def _handle(process: Process) -> Iterator[int | None]:
    """A handle that means this process and no later one of its number; None if it has ended."""
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle if process.lives else None
    finally:
        os.close(handle)


def opened(found: Ledger) -> Lab:
    """The lab that a list is about."""
    stages = programs.KWOK.folder / "stages.yaml"
    folders = settings.Folders(found.folder, TOOLS.folder, stages, found.control_group)
    return Lab(found, folders)


def holder_of(folder: Path) -> Process:
    """The process that listens in a lab's folder, by what the kernel says of it."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(folder / "holder.sock"))
        said = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid: int = struct.unpack("3i", said)[0]
        begun = ledger.started(pid)
        assert begun is not None
        return Process(pid, begun)


def wait_until(true: Callable[[], bool], seconds_max: float, otherwise: str) -> None:
    """Wait for something of the machine, which tells nobody when it happens."""
    until = time.monotonic() + seconds_max
    while not true():
        if time.monotonic() > until:
            raise LabFailed(f"{otherwise} (waited {seconds_max:.0f} s)")
        time.sleep(LOOK_SECONDS)


def tools_env(tools: Path) -> dict[str, str]:
    """What an unpacked program needs to find its libraries and settings where they are."""
    libraries = [tools / "usr" / "lib", *(tools / "usr" / "lib").glob("*-linux-gnu")]
    return {
        "LD_LIBRARY_PATH": ":".join(str(folder) for folder in libraries),
        "OPENSSL_CONF": str(tools / "etc" / "ssl" / "openssl.cnf"),
    }


def _path(tools: Path) -> str:
    own = [str(tools / "usr" / name) for name in ("sbin", "bin")]
    return ":".join([*own, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def _enter(network: int) -> None:
    # Python has this as os.setns from 3.12 on only.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(network, CLONE_NEWNET) != 0:
        code = ctypes.get_errno()
        raise LabFailed(f"the lab's network cannot be entered: {os.strerror(code)}")


def _fake_nodes(count: int) -> str:
    room = {"cpu": "64", "memory": "256Gi", "pods": "1000"}
    nodes = [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"kwok-{number:03}",
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"type": "kwok", "kubernetes.io/hostname": f"kwok-{number:03}"},
            },
            "spec": {"taints": [{"key": "type", "value": "kwok", "effect": "NoSchedule"}]},
            "status": {"allocatable": room, "capacity": room},
        }
        for number in range(count)
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
