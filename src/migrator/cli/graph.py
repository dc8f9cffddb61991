r"""`migrator graph`: what depends on what, which circles there are, and why they force nothing.

Reads the inventory and its links, asks `graph/`, prints. As text for a person, as JSON for a
program, as DOT or SVG for the eye. The words of the text form stand here and in `graph_text.py`;
every figure comes from `graph/`.
"""

from __future__ import annotations

import difflib
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.graph_estate import Estate, read_estate
from migrator.errors import InputError
from migrator.ids import SubsystemId

if TYPE_CHECKING:
    from migrator.graph.view import View


class Form(Enum):
    """How the graph is given."""

    text = "text"
    dot = "dot"
    json = "json"
    svg = "svg"


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The inventory's folder.")],
    why: Annotated[
        tuple[str, str] | None,
        typer.Option("--why", metavar="A B", help="Why does A depend on B?"),
    ] = None,
    around: Annotated[
        str | None, typer.Option("--around", metavar="X", help="What is linked with X?")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option("--depth", min=1, max=5, help="How many hops around X [default: 1]."),
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="For people, Graphviz, programs or the eye.")
    ] = Form.text,
    to: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write it there.")
    ] = None,
) -> None:
    """Show what depends on what, which circles of links there are, and what must move together.

    \b
    Examples:
      migrator graph inventories/ours
      migrator graph inventories/ours --why payments archive
      migrator graph inventories/ours --around payments --depth 2
      migrator graph inventories/ours --around payments --format svg -o payments.svg
      migrator graph inventories/ours --format dot | dot -Tpdf -o estate.pdf
    """
    if why is not None and around is not None:
        raise InputError(
            "usage",
            "--why and --around are two questions",
            hint="ask them one after the other",
        )
    if depth is not None and around is None:
        raise InputError("usage", "--depth says how far around X", hint="name X with --around")
    estate = read_estate(folder)
    if why is not None:
        text = _answer_why(estate, _known(estate, why[0]), _known(estate, why[1]), form)
    elif around is not None:
        text = _answer_around(estate, _known(estate, around), depth or 1, form)
    else:
        text = _answer_summary(estate, form)
    if to is None:
        output.show(text.removesuffix("\n"))
    else:
        from migrator.cli.report import deliver

        deliver(text if text.endswith("\n") else f"{text}\n", to)


def _known(estate: Estate, name: str) -> SubsystemId:
    """Find the subsystem that a person named, or say which names are near."""
    if name in estate.graph.nodes:
        return SubsystemId(name)
    near = difflib.get_close_matches(name.lower(), estate.graph.nodes, n=3)
    # People also write the name that they see on a screen.
    near += [key for key, shown in estate.names.items() if shown.lower() == name.lower()]
    raise InputError(
        "unknown-subsystem",
        f"there is no subsystem '{name}' in {estate.inventory.name}",
        hint=f"did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else "`migrator graph DIR --format json` lists all subsystems under nodes",
    )


def _answer_summary(estate: Estate, form: Form) -> str:
    """The whole estate."""
    from migrator.cli import graph_text
    from migrator.graph.view import view_of_all, view_of_hubs

    if form is Form.text:
        return graph_text.summary(estate)
    if form is Form.json:
        return graph_text.as_json(graph_text.summary_facts(estate))
    if form is Form.dot:
        return _drawn(estate, view_of_all(estate.graph, estate.atoms, estate.inventory.name), form)
    return _drawn(estate, view_of_hubs(estate.graph, estate.atoms, estate.inventory.name), form)


def _answer_why(estate: Estate, source: SubsystemId, target: SubsystemId, form: Form) -> str:
    """The way from one subsystem to another, in the other direction if there is none."""
    from migrator.cli import graph_text
    from migrator.graph.reach import why
    from migrator.graph.view import view_of_route

    route = why(estate.graph, source, target)
    if form is Form.text:
        return graph_text.why(estate, source, target, route)
    if form is Form.json:
        return graph_text.as_json(graph_text.why_facts(estate, source, target, route))
    if not route:
        raise InputError(
            "no-route",
            f"{source} does not depend on {target} by links, so there is nothing to draw",
            hint=f"ask the other way round: --why {target} {source}",
        )
    return _drawn(estate, view_of_route(route, estate.atoms), form)


def _answer_around(estate: Estate, centre: SubsystemId, depth: int, form: Form) -> str:
    """The neighbourhood of a subsystem."""
    from migrator.cli import graph_text
    from migrator.graph.reach import around
    from migrator.graph.view import view_of_neighbourhood

    hood = around(estate.graph, centre, depth)
    if form is Form.text:
        return graph_text.around(estate, hood)
    if form is Form.json:
        return graph_text.as_json(graph_text.around_facts(estate, hood))
    return _drawn(estate, view_of_neighbourhood(estate.graph, hood, estate.atoms), form)


def _drawn(estate: Estate, view: View, form: Form) -> str:
    """A view in the form asked for."""
    from migrator.graph.dot import dot
    from migrator.graph.picture import svg

    return dot(view, estate.names) if form is Form.dot else svg(view, estate.names)
