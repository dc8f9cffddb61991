"""Which file systems are reached over a network, and on which one a folder is."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed
from migrator.store import mounts
from migrator.store.mounts import file_system, is_network, refuse_network

LISTED = """\
/dev/vda / ext4 rw 0 0
proc /proc proc rw 0 0
server:/home /home nfs4 rw,vers=4.2 0 0
/dev/vdb /home/anna ext4 rw 0 0
//files/x /mnt/our\\040files cifs rw 0 0
short line
tmpfs /srv tmpfs rw 0 0
me@there:/ /srv fuse.sshfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/var/lib", "ext4"),
        ("/home/bertil/x", "nfs4"),
        ("/home/anna/x", "ext4"),
        ("/homes", "ext4"),
        ("/mnt/our files/x", "cifs"),
        ("/srv/x", "fuse.sshfs"),  # mounted over what was there before
    ],
)
def test_the_nearest_and_last_mount_holds_a_folder(folder: str, kind: str) -> None:
    found = file_system(Path(folder), LISTED)

    assert found is not None
    assert found[1] == kind


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "fuse.glusterfs", "lustre"]
)
def test_a_network_file_system_is_known(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "zfs", "fuse.fuseblk"]
)
def test_a_local_file_system_is_not_refused(kind: str) -> None:
    assert not is_network(kind)


def test_the_folder_behind_a_link_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    (tmp_path / "mounts").write_text(f"/dev/a / ext4 rw 0 0\ns:/x {tmp_path}/far nfs rw 0 0\n")
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "mounts")
    refuse_network(tmp_path)

    with pytest.raises(EnvironmentFailed) as caught:
        refuse_network(tmp_path / "near" / "not-yet-made")

    assert caught.value.reference == "network-file-system"


def test_where_nothing_is_known_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "MOUNTS", tmp_path / "nothing")

    refuse_network(tmp_path)
