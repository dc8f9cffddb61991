"""The options of every command that asks a cluster, spelled in one place."""

from __future__ import annotations

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
