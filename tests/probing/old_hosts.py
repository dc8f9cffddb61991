"""Old hosts for the tests: real sshd, each in a root folder, process space and mounts of its own.

Unpacked from Debian's packages into the lab's cache; nothing is installed and nothing of this
machine is changed. A host may have no Python, be reached through another one, or have a host key
that nobody knows. The network is this machine's loopback, where each host has its own address.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cluster.lab.debian import Packages, unpacked

PACKAGES: Final = Packages(
    "old-host",
    ("busybox-static", "openssh-server", "python3-minimal", "libpython3-stdlib"),
    left_out=("systemd", "libsystemd-shared", "perl", "dpkg", "openssh-client", "debconf"),
)
READY_SECONDS_MAX: Final = 10.0

# Everything that is mounted or started in there ends with the process that this is.
ENTER: Final = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1/tmp"
mkdir -p "$1/proc" "$1/dev" "$1/run/sshd"
mount -t proc proc "$1/proc"
for each in null zero urandom; do touch "$1/dev/$each"; mount --bind /dev/$each "$1/dev/$each"; done
ln -sfn /proc/self/fd "$1/dev/fd"
exec chroot "$1" /usr/sbin/sshd -D -e -f /etc/ssh/test_config
"""


def missing() -> str:
    """Why no old host can be made here; empty where it can."""
    if os.geteuid() != 0:
        return "an old host has a root folder of its own, which only root can make"
    for program in ("unshare", "chroot", "ssh", "ssh-keygen", "apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            return f"there is no {program} on this machine"
    return ""


@dataclass
class Hosts:
    """Hosts by name, and the configuration with which ssh finds them."""

    folder: Path
    config: Path
    key: Path
    known: Path
    servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    at: dict[str, tuple[str, int]] = field(default_factory=dict)
    added: int = 0

    def add(self, name: str, *, python: bool = True, through: str = "", known: bool = True) -> None:
        """Start a host. `through` is another one by which it is reached."""
        # Tests run beside each other, and each process of them has a hundred addresses of its own.
        self.added += 1
        own = os.getpid() % 60_000
        address = f"127.{1 + own // 250}.{1 + own % 250}.{self.added}"
        port = _free_port(address)
        root = self.folder / name
        made = unpacked(PACKAGES)
        # Links to the cache's files, beside which this folder is; nothing is written in place.
        shutil.copytree(made, root, symlinks=True, copy_function=os.link)
        _furnish(root, address, port, (self.key.with_suffix(".pub")).read_text())
        if not python:
            for path in (root / "usr/bin").glob("python3*"):
                path.unlink()
        public = (root / "etc/ssh/host_key.pub").read_text()
        if known:
            with self.known.open("a") as file:
                file.write(f"[{address}]:{port} {public}")
        with self.config.open("a") as file:
            file.write(f"Host {name}\n  HostName {address}\n  Port {port}\n")
            file.write(f"  ProxyJump {through}\n" if through else "")
        log = (self.folder / f"{name}.log").open("wb")
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER]
        self.servers[name] = subprocess.Popen([*command, "sh", root], stdout=log, stderr=log)
        log.close()
        self.at[name] = (address, port)
        _until_heard(address, port, self.folder / f"{name}.log")

    def log(self, name: str) -> str:
        """What a host's sshd said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def entered(self, name: str) -> int:
        """How many connections a host took in."""
        return self.log(name).count("Accepted publickey")

    def end(self, name: str) -> None:
        """A host goes down, with everything that runs on it."""
        server = self.servers.pop(name)
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(signal.SIGKILL)
        server.wait()
        # What ran in its process space is ended by the kernel, and a moment later.
        _until_refused(*self.at[name])


@contextmanager
def old_hosts(folder: Path, bin_folder: Path) -> Iterator[Hosts]:
    """No host yet. `bin_folder` gets an `ssh` that reads this configuration alone."""
    key, known, config = folder / "user_key", folder / "known_hosts", folder / "config"
    _make_key(key)
    known.touch()
    config.write_text(
        f"Host *\n  User root\n  IdentityFile {key}\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {known}\n  GlobalKnownHostsFile none\n"
    )
    real = shutil.which("ssh", path="/usr/bin:/bin:/usr/local/bin")
    bin_folder.mkdir()
    (bin_folder / "ssh").write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n')
    (bin_folder / "ssh").chmod(0o700)
    hosts = Hosts(folder, config, key, known)
    try:
        yield hosts
    finally:
        for name in tuple(hosts.servers):
            hosts.end(name)


def _furnish(root: Path, address: str, port: int, public: str) -> None:
    """What no package holds: users, keys, a shell, a configuration."""
    for name in ("etc/passwd", "etc/group", "etc/ssh/test_config", "bin/sh"):
        (root / name).unlink(missing_ok=True)
    for name in ("etc/ssh", "root/.ssh", "run/sshd", "tmp", "dev", "proc"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "bin/sh").symlink_to("busybox")
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"
    )
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n")
    _make_key(root / "etc/ssh/host_key")
    (root / "root/.ssh/authorized_keys").write_text(public)
    (root / "root").chmod(0o700)
    (root / "etc/ssh/test_config").write_text(
        f"Port {port}\nListenAddress {address}\nHostKey /etc/ssh/host_key\nPidFile none\n"
        "UsePAM no\nPermitRootLogin prohibit-password\nPrintMotd no\nLogLevel VERBOSE\n"
        "MaxStartups 100\n"
    )


def _make_key(path: Path) -> None:
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(words, check=True)


def _free_port(address: str) -> int:
    with closing(socket.socket()) as free:
        free.bind((address, 0))
        return int(free.getsockname()[1])


def _until_heard(address: str, port: int, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < until:
        with closing(socket.socket()) as trial:
            if trial.connect_ex((address, port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"sshd does not listen: {log.read_text(errors='replace')}")


def _until_refused(address: str, port: int) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < until:
        with closing(socket.socket()) as trial:
            if trial.connect_ex((address, port)) == errno.ECONNREFUSED:
                return
        time.sleep(0.02)
    raise AssertionError(f"something still listens at {address}:{port}")
