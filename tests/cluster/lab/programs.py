"""The programs of the lab: Kubernetes, etcd, CoreDNS and kwok, built from their Go modules.

Each folder with a go.mod is one module, because the three pin different versions of the same
libraries. What is built lies in the cache under the module's version and a digest of its files, so
a change of either builds anew and nothing else does. Building gives way to everybody else on the
machine.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cluster.lab import places
from cluster.lab.machine import run

BUILD_SECONDS_MAX: Final = 3600
COMMANDS: Final = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubectl",
    "kubelet",
)
STAMPED: Final = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
"""The packages that say which version a program is; unstamped they say v0.0.0."""

KWOK_STAGES: Final = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)
"""What kwok does with a node and a pod, in files that its module carries."""


@dataclass(frozen=True, slots=True)
class Module:
    """One of the lab's Go modules."""

    name: str
    of: str
    """The module whose version says what this is."""

    @property
    def source(self) -> Path:
        """Its folder in the repository."""
        return places.HERE / self.name

    @property
    def version(self) -> str:
        """The version that its go.mod asks for."""
        text = (self.source / "go.mod").read_text(encoding="utf-8")
        found = re.search(rf"^(?:require |\t){re.escape(self.of)} (v\S+)", text, re.MULTILINE)
        assert found is not None, f"{self.source}/go.mod does not require {self.of}"
        return found[1]

    @property
    def folder(self) -> Path:
        """Where its programs lie once they are built."""
        files = sorted(file for file in self.source.iterdir() if file.suffix != ".md")
        said = b"\0".join([platform.machine().encode(), *(file.read_bytes() for file in files)])
        digest = hashlib.sha256(said).hexdigest()[:12]
        return places.cache() / "go" / f"{self.name}-{self.version}-{digest}"


CONTROL: Final = Module("control", "k8s.io/kubernetes")
COREDNS: Final = Module("coredns", "github.com/coredns/coredns")
KWOK: Final = Module("kwok", "sigs.k8s.io/kwok")


def program(name: str) -> Path:
    """Where a program lies."""
    module = {"coredns": COREDNS, "kwok": KWOK}.get(name, CONTROL)
    return module.folder / name


def build(module: Module) -> None:
    """Build a module's programs unless they are there."""
    folder = module.folder
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Made under another name and renamed at the end: a folder of this name is complete.
    making = Path(tempfile.mkdtemp(prefix=f".{module.name}-", dir=folder.parent))
    try:
        BUILDERS[module](module, making)
        making.rename(folder)
    except BaseException:
        shutil.rmtree(making)
        raise


def _control(module: Module, into: Path) -> None:
    major, minor = module.version.removeprefix("v").split(".")[:2]
    stamps = [
        f"-X {package}.{field}={value}"
        for package in STAMPED
        for field, value in (
            ("gitVersion", module.version),
            ("gitMajor", major),
            ("gitMinor", minor),
        )
    ]
    commands = [f"k8s.io/kubernetes/cmd/{command}" for command in COMMANDS]
    _go_build(module, into, commands, stamps)
    _go_build(module, into / "etcd", ["go.etcd.io/etcd/server/v3"])


def _coredns(module: Module, into: Path) -> None:
    _go_build(module, into / "coredns", ["."])


def _kwok(module: Module, into: Path) -> None:
    _go_build(module, into / "kwok", ["sigs.k8s.io/kwok/cmd/kwok"])
    listed = run(["go", "list", "-m", "-f", "{{.Dir}}", module.of], cwd=module.source)
    stages = Path(listed.strip()) / "kustomize" / "stage"
    texts = [(stages / name).read_text(encoding="utf-8") for name in KWOK_STAGES]
    (into / "stages.yaml").write_text("\n---\n".join(texts), encoding="utf-8")


def _go_build(
    module: Module, out: Path, packages: list[str], stamps: list[str] | None = None
) -> None:
    jobs = os.environ.get("MIGRATOR_LAB_JOBS", str(os.cpu_count() or 1))
    flags = ["-p", jobs, "-trimpath", "-ldflags", " ".join(["-s -w", *(stamps or [])])]
    # A folder as the target must end in a slash where several programs go into it.
    target = f"{out}/" if out.is_dir() else str(out)
    run(
        ["nice", "-n", "19", "go", "build", *flags, "-o", target, *packages],
        cwd=module.source,
        env={"CGO_ENABLED": "0", "GOMAXPROCS": jobs, "GOFLAGS": "-mod=readonly -buildvcs=false"},
        seconds_max=BUILD_SECONDS_MAX,
    )


BUILDERS: Final[dict[Module, Callable[[Module, Path], None]]] = {
    CONTROL: _control,
    COREDNS: _coredns,
    KWOK: _kwok,
}
