"""Is this folder on a network file system? SQLite's log cannot be shared over one.

`database.py` asks before it opens a file. WAL needs shared memory and locks that hold for every
process with the file open; over a network they hold on one host only, and a journal would be lost
without an error. Unknown file systems pass: refusing what we have not heard of helps nobody.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from migrator.errors import EnvironmentFailed

NETWORK: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "gfs2", "glusterfs", "gpfs",
        "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs", "smb2", "smb3", "smbfs",
    }
)  # fmt: skip
NETWORK_FUSE: Final = re.compile(
    r"^fuse\.(.*sshfs|.*ceph.*|gluster.*|s3fs|rclone|davfs.*|.*smb.*|.*nfs.*|goofys|gcsfuse|blobfuse2?)$"
)
MOUNTS: Final = Path("/proc/self/mounts")


def refuse_network(folder: Path) -> None:
    """Raise EnvironmentFailed where the folder lies on a network file system."""
    try:
        mounts = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return  # not Linux, or hidden from us: nothing can be said
    found = file_system(folder.resolve(), mounts)
    if found is not None and is_network(found[1]):
        raise EnvironmentFailed(
            "network-file-system",
            f"{folder} is on a network file system ({found[1]} at {found[0]}), "
            "where a SQLite journal can be lost",
            hint="keep the store on a local disk: --store /var/lib/migrator, for example",
        )


def is_network(kind: str) -> bool:
    """Tell whether a file system of this kind is reached over a network."""
    return kind in NETWORK or NETWORK_FUSE.match(kind) is not None


def file_system(folder: Path, mounts: str) -> tuple[str, str] | None:
    """Find the mount that holds a folder: its place and kind. The last of several wins."""
    found: tuple[str, str] | None = None
    for line in mounts.splitlines():
        words = line.split(" ")
        if len(words) < 3:
            continue
        # The kernel writes spaces and the like in a mount's path as octal numbers.
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), words[1])
        longer = found is None or len(place) >= len(found[0])
        if longer and folder.is_relative_to(place):
            found = (place, words[2])
    return found
