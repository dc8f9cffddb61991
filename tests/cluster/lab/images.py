"""Container images made of Debian packages: no registry, no Docker, no build file.

An image is one layer with the files of some packages, busybox standing in for what a shell needs.
The same packages give the same bytes. They are made once, kept in the cache, and imported into
containerd whenever a lab starts.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cluster.lab import places
from cluster.lab.debian import Packages, unpacked

OCI: Final = "application/vnd.oci.image"
MACHINES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
"""How an image names a machine."""

USELESS: Final = ("usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/lintian/")
"""What nobody reads in a container."""

RECIPE: Final = "2"
"""Raised when this file packs differently, so that older images are not used."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the lab."""

    name: str
    packages: Packages
    command: tuple[str, ...]
    user: str = "0"
    is_server: bool = False
    linked: str = ""
    """Programs off the path that get a name on it; a pattern inside the image."""

    @property
    def reference(self) -> str:
        """How a manifest names it. The tag is not `latest`, so that nobody tries to pull it."""
        return f"lab.local/{self.name}:1"

    @property
    def started_by(self) -> dict[str, list[str]]:
        """What runs in a container: a manifest replaces a command, and adds to a server's words."""
        return {"Entrypoint" if self.is_server else "Cmd": list(self.command)}

    @property
    def file(self) -> Path:
        """Where it lies once it is packed."""
        said = "\0".join([RECIPE, self.packages.folder.name, self.user, self.linked, *self.command])
        digest = hashlib.sha256(said.encode()).hexdigest()[:12]
        return places.cache() / "images" / f"{self.name}-{digest}.tar"


PAUSE: Final = Image(
    "pause", Packages("pause", ("busybox-static",)), ("busybox", "sleep", "2147483")
)
PYTHON: Final = Image(
    "python",
    Packages("python", ("busybox-static", "python3-minimal", "libpython3-stdlib")),
    ("python3",),
)
SERVE: Final = """
set -eu
data=${PGDATA:-/tmp/data}
if ! [ -s "$data/PG_VERSION" ]; then
  initdb --no-sync --auth=trust --username=postgres --encoding=UTF8 --no-locale "$data"
  echo "host all all all trust" >> "$data/pg_hba.conf"
fi
exec postgres -D "$data" -c listen_addresses="*" -c unix_socket_directories=/tmp "$@"
"""
"""A PostgreSQL that lets everybody in, which suits a network without strangers."""

POSTGRESQL: Final = Image(
    "postgresql",
    Packages(
        "postgresql",
        ("busybox-static", "postgresql"),
        # What configures a server of Debian's own, compiles queries, or is written in Perl.
        left_out=(
            "adduser_",
            "dpkg_",
            "libllvm",
            "libperl",
            "libz3",
            "locales_",
            "openssl_",
            "perl",
            "postgresql-client-common_",
            "postgresql-common_",
            "ssl-cert_",
            "usrmerge_",
        ),
    ),
    ("sh", "-c", SERVE, "serve"),
    user="1000",
    is_server=True,
    linked="usr/lib/postgresql/*/bin/*",
)
IMAGES: Final = (PAUSE, PYTHON, POSTGRESQL)


def pack(image: Image) -> None:
    """Write an image's file unless it is there."""
    if image.file.exists():
        return
    image.file.parent.mkdir(parents=True, exist_ok=True)
    layer = _layer(unpacked(image.packages), image.linked)
    with tempfile.NamedTemporaryFile(dir=image.file.parent, delete=False) as making:
        with tarfile.open(fileobj=making, mode="w") as tar:
            for name, data in _oci(image, layer).items():
                _add(tar, name, data)
        Path(making.name).rename(image.file)


def _layer(root: Path, linked: str) -> bytes:
    """The files under a folder as one archive, which tells nothing of when or by whom."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in ("tmp", "run", "var", "var/tmp", "proc", "sys", "dev", "root"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
            tar.addfile(folder)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\nlab:x:1000:1000:lab:/tmp:/bin/sh\n")
        _add(tar, "etc/group", b"root:x:0:\nlab:x:1000:\n")
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root).as_posix()
            if not name.startswith(USELESS):
                tar.add(path, name, recursive=False, filter=_anonymous)
        for name, target in _links(root, linked).items():
            link = tarfile.TarInfo(f"usr/bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return out.getvalue()


def _links(root: Path, linked: str) -> dict[str, str]:
    """Names on the path that no package gives: programs that lie elsewhere, and busybox's many."""
    busybox = root / "usr" / "bin" / "busybox"
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    links = dict.fromkeys(listed.stdout.split(), "busybox")
    if linked:
        links |= {path.name: f"/{path.relative_to(root)}" for path in sorted(root.glob(linked))}
    taken = {path.name for place in ("bin", "sbin") for path in (root / "usr" / place).iterdir()}
    return {name: target for name, target in links.items() if name not in taken}


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))


def _oci(image: Image, layer: bytes) -> dict[str, bytes]:
    """The files of an image layout: a chain of digests from the index down to the layer."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'}

    def blob(kind: str, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        files[f"blobs/sha256/{digest}"] = data
        return {"mediaType": f"{OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    # Not compressed: it never travels, and unpacking is what a start of the lab would wait for.
    layers = [blob("layer.v1.tar", layer)]
    settings = {
        "architecture": MACHINES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {
            **image.started_by,
            "Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            "User": image.user,
        },
        "rootfs": {"type": "layers", "diff_ids": [layers[0]["digest"]]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{OCI}.manifest.v1+json",
        "config": blob("config.v1+json", json.dumps(settings).encode()),
        "layers": layers,
    }
    named = blob("manifest.v1+json", json.dumps(manifest).encode())
    named["annotations"] = {"io.containerd.image.name": image.reference}
    index = {"schemaVersion": 2, "manifests": [named]}
    files["index.json"] = json.dumps(index).encode()
    return files
