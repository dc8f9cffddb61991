"""Writes the Go module of the control plane for another version of Kubernetes.

Run by hand when the lab is to be raised. Kubernetes is published as one module that replaces thirty
others by folders of its own; whoever depends on it must name those others by their versions.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from cluster.lab.machine import LabFailed, run
from cluster.lab.programs import COMMANDS, CONTROL

PUBLISHED_SECONDS_MAX = 600
STAGED = re.compile(r"^\s*(k8s\.io/[a-z-]+) => \./staging/", re.MULTILINE)


def pin(version: str) -> None:
    """Write go.mod and go.sum for a version such as v1.35.4."""
    if re.fullmatch(r"v1\.\d+\.\d+", version) is None:
        raise LabFailed(f"{version} is no version of Kubernetes; say v1.35.4, for example")
    env = {"GOFLAGS": "-mod=mod"}
    asked = ["go", "mod", "download", "-json", f"{CONTROL.of}@{version}"]
    said = json.loads(run(asked, env=env, seconds_max=PUBLISHED_SECONDS_MAX))
    staged = STAGED.findall(Path(said["GoMod"]).read_text(encoding="utf-8"))
    libraries = f"v0.{version.removeprefix('v1.')}"
    tools = ["go.etcd.io/etcd/server/v3", *(f"{CONTROL.of}/cmd/{name}" for name in COMMANDS)]
    lines = [
        "module migrator.example/lab/control\n\ngo 1.25.0\n\ntool (",
        *(f"\t{tool}" for tool in tools),
        f")\n\nrequire {CONTROL.of} {version}\n\nreplace (",
        *(f"\t{name} => {name} {libraries}" for name in staged),
        ")\n",
    ]
    (CONTROL.source / "go.mod").write_text("\n".join(lines), encoding="utf-8")
    tidy = ["nice", "-n", "19", "go", "mod", "tidy"]
    run(tidy, cwd=CONTROL.source, env=env, seconds_max=PUBLISHED_SECONDS_MAX)
