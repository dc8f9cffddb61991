"""`migrator rights`: what an administrator applies before migrator may touch a cluster.

Prints accounts, roles and admission policies for exactly what a plan's manifests hold. It applies
nothing and asks no cluster: whoever gives rights reads them first.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from migrator.cli import output
from migrator.cli.cluster_inputs import agents_in, subjects_at
from migrator.errors import InputError

HEAD: Final = """\
# Accounts, roles and admission policies for migrator; docs/kubernetes-rights.md explains each.
# Apply as an administrator: kubectl apply -f FILE
# Take away again: see "Cleaning up" there; the policy migrator-anchor stays.
"""


def command(
    path: Annotated[
        Path, typer.Argument(metavar="PLAN", help="A plan, or the folder of an inventory.")
    ],
    *,
    only: Annotated[
        str, typer.Option("--for", metavar="ACCOUNT", help="Only what this account needs.")
    ] = "",
    users: Annotated[
        list[str] | None,
        typer.Option(
            "--user",
            metavar="NAME",
            help="A user name of yours that may do what the conductor does; may stand many times.",
        ),
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to this file.")
    ] = None,
    inventory: Annotated[
        Path | None,
        typer.Option("--inventory", metavar="DIR", help="Its inventory, if not as the plan says."),
    ] = None,
) -> None:
    """Print the accounts, roles and admission policies that a cluster's administrator applies.

    \b
    Examples:
      migrator rights plans/ours.yaml -o rights.yaml
      migrator rights plans/ours.yaml --for rehearser | kubectl apply -f -
      migrator rights inventories/ours --user weekend-lead@example.org

    Accounts: planner, applier, traffic, prober, conductor (all four's work), rehearser.
    Exit code 0: printed. 2: something in the manifests or on the command line is to be mended.
    """
    from migrator.platform.kubernetes.grants import ACCOUNTS, needs_admin
    from migrator.platform.kubernetes.rights import rights
    from migrator.platform.kubernetes.yaml_out import documents

    if only and only not in ACCOUNTS:
        raise InputError(
            "usage", f"there is no account {only!r}", hint=f"name one of {', '.join(ACCOUNTS)}"
        )
    if any(len(name.split()) != 1 for name in users or ()):
        raise InputError(
            "usage", "a user name is empty or has a space", hint="use one name for each --user"
        )
    subjects = subjects_at(path, inventory)
    looking = agents_in(path, inventory)
    text = HEAD + documents(rights(subjects, only=only, users=users or (), agents_in=looking))
    if into is None:
        output.show(text.rstrip("\n"))
    else:
        into.write_text(text, encoding="utf-8")
        output.say(f"written to {into}; an administrator applies it: kubectl apply -f {into}")
    by_hand = needs_admin(subjects)
    if by_hand:
        output.say(
            "warning: roles in the manifests are an administrator's to apply, because no account "
            f"may give what it does not have: {', '.join(by_hand)}"
        )
