"""The options of every command that asks a cluster or moves onto it, spelled in one place."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ContextOption = Annotated[
    str,
    typer.Option("--context", metavar="NAME", help="A context of your kubeconfig."),
]
KubeconfigOption = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig", metavar="FILE", help="The kubeconfig, if not where kubectl looks."
    ),
]
ProbeImageOption = Annotated[
    str,
    typer.Option(
        "--probe-image", metavar="IMAGE", help="An image with python3, to look from inside."
    ),
]
CommandsOption = Annotated[
    bool,
    typer.Option("--allow-commands", help="Let probes.yaml run programs where it looks from."),
]
UnfencedOption = Annotated[
    bool,
    typer.Option(
        "--without-admission-fence",
        help="Begin though the cluster would not keep an earlier process out.",
    ),
]
FreezeOption = Annotated[
    bool,
    typer.Option("--freeze", help="Keep other people's writes out of the moving namespaces."),
]
OperatorOption = Annotated[
    list[str] | None,
    typer.Option("--operator", metavar="USER", help="May write while frozen; repeat it."),
]


class OnDrift(StrEnum):
    """What is done about fields that somebody else has changed."""

    stop = "stop"
    adopt = "adopt"
    override = "override"


OnDriftOption = Annotated[
    OnDrift,
    typer.Option("--on-drift", help="About what others change in prepared objects."),
]
