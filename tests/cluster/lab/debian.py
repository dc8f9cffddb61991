"""Debian packages, fetched and unpacked into a folder of the lab's own; nothing is installed.

apt resolves a list of packages as if no package were there, so the answer is complete and the same
on every machine of one Debian version. It keeps its lists and its downloads in the lab's cache: the
machine's own package state is never touched, and no rights are needed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster.lab import places
from cluster.lab.machine import run

FETCH_SECONDS_MAX = 600
MERGED = ("bin", "sbin", "lib", "lib64")
"""Folders that are links into usr on a Debian system, through a package that is not fetched."""

RESOLVED = re.compile(r"^Inst (\S+) \((\S+) .*\[(\w+)\]\)", re.MULTILINE)
"""A line of apt's simulation: Inst NAME (VERSION ORIGIN [ARCHITECTURE])."""

UNPACK = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --keep-directory-symlink --directory="$2"'
"""dpkg-deb alone would put a folder in the place of a link to one."""


@dataclass(frozen=True, slots=True)
class Packages:
    """A set of packages with all that they need, under one name."""

    name: str
    wanted: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    """Packages that apt resolves but that are not unpacked, by the beginning of their name."""

    @property
    def folder(self) -> Path:
        """Where the packages lie once they are unpacked."""
        said = "\n".join([_release(), *self.wanted, "", *self.left_out])
        digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        return places.cache() / "debian" / f"{self.name}-{digest}"


def unpacked(packages: Packages) -> Path:
    """The folder with the packages' files, fetched now unless they are there."""
    folder = packages.folder
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made under another name and renamed at the end: a folder of this name is complete.
    making = Path(tempfile.mkdtemp(prefix=f".{packages.name}-", dir=folder.parent))
    making.chmod(0o755)
    try:
        for name in MERGED:
            (making / "usr" / name).mkdir(parents=True)
            (making / name).symlink_to(f"usr/{name}")
        for file in _fetched(packages.wanted):
            if not file.name.startswith(packages.left_out):
                run(["sh", "-c", UNPACK, "unpack", file, making])
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making)
        raise
    return folder


def _fetched(wanted: Sequence[str]) -> list[Path]:
    """The package files of the wanted packages and of everything that they depend on."""
    state = places.cache() / "apt"
    for name in ("lists/partial", "archives/partial", "cache"):
        (state / name).mkdir(parents=True, exist_ok=True)
    (state / "installed").touch()
    options = [
        f"--option=Dir::State::lists={state}/lists",
        f"--option=Dir::State::status={state}/installed",
        f"--option=Dir::Cache={state}/cache",
        f"--option=Dir::Cache::archives={state}/archives",
        "--option=Debug::NoLocking=1",
        # Another user, to whom apt would drop its rights, cannot write into a home folder.
        "--option=APT::Sandbox::User=",
        "--quiet",
    ]
    run(["apt-get", *options, "update"], seconds_max=FETCH_SECONDS_MAX)
    install = ["--yes", "--no-install-recommends", "install", *wanted]
    run(["apt-get", *options, "--download-only", *install], seconds_max=FETCH_SECONDS_MAX)
    said = run(["apt-get", *options, "--simulate", *install])
    names = []
    for name, version, machine in RESOLVED.findall(said):
        names.append(f"{name}_{version.replace(':', '%3a')}_{machine}.deb")
    return [state / "archives" / name for name in names]


def _release() -> str:
    """Which Debian this is, as the system names itself."""
    return Path("/etc/os-release").read_text(encoding="utf-8")
