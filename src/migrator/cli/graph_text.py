"""The words and the JSON of `migrator graph`; the figures come from `graph/`.

`graph.py` calls one function per question and form. The JSON keys are documented by the tests and
stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from migrator.cli import output
from migrator.cli.graph_estate import Estate
from migrator.ids import SubsystemId

if TYPE_CHECKING:
    from migrator.graph.atoms import Atom
    from migrator.graph.cycles import Cycle
    from migrator.graph.reach import Neighbourhood
    from migrator.inventory.model import Relation
    from migrator.links.table import LinkRow, Pair

HUBS_SHOWN: Final = 10
BRIDGES_SHOWN: Final = 5
MEMBERS_SHOWN: Final = 12
NEIGHBOURS_SHOWN: Final = 20
EXAMPLES_SHOWN: Final = 3

WHY_NOT_ONE_WAVE: Final = (
    "A circle of links forces nothing: a link whose ends stand on different platforms is bridged "
    "for that time. Only declared relations (with, before) force subsystems together."
)


def as_json(facts: Mapping[str, object]) -> str:
    """Write facts as every command writes its JSON."""
    return json.dumps(facts, indent=2, sort_keys=True, ensure_ascii=False)


def summary(estate: Estate) -> str:
    """The whole estate on one screen."""
    from migrator.graph.cycles import cycles

    graph, table = estate.graph, estate.table
    lines = [
        (
            f"{estate.inventory.name}: {len(graph.nodes):,} subsystems, {len(graph.arcs):,} pairs, "
            f"{graph.links:,} links between subsystems and {table.count - graph.links:,} inside one"
        )
    ]
    found = cycles(graph)
    lines += ["", *(_cycle_lines(estate, found) if found else ["No circle of links."])]
    lines += ["", *_together_lines(estate.atoms), *_order_lines(estate)]
    return "\n".join([*lines, "", *_hub_lines(estate)])


def summary_facts(estate: Estate) -> dict[str, object]:
    """The whole estate as data."""
    from migrator.graph.atoms import before_arcs
    from migrator.graph.cycles import cycles
    from migrator.graph.hubs import hubs

    graph = estate.graph
    shares = {hub.subsystem: hub for hub in hubs(graph, len(graph.nodes))}
    return {
        "inventory": estate.inventory.name,
        "digest": estate.table.digest,
        "links": estate.table.count,
        "links_between": graph.links,
        "weight": graph.weight,
        "nodes": [
            {
                "id": subsystem.id,
                "name": subsystem.name,
                "kind": subsystem.kind.value,
                "share": round(shares[subsystem.id].share, 6) if subsystem.id in shares else 0.0,
                "links": shares[subsystem.id].links if subsystem.id in shares else 0,
            }
            for subsystem in estate.inventory.subsystems
        ],
        "arcs": [_arc_facts(arc) for arc in graph.arcs],
        "atoms": [
            {"id": atom.id, "members": atom.members, "bonds": [_bond_facts(b) for b in atom.bonds]}
            for atom in estate.atoms
            if len(atom.members) > 1
        ],
        "before": [list(arc) for arc in before_arcs(estate.inventory)],
        "cycles": [
            {
                "members": cycle.members,
                "links": cycle.links,
                "weight": cycle.weight,
                "example": cycle.example,
                "atoms": _atoms_in(estate, cycle),
                "bridges": [_arc_facts(arc) for arc in cycle.bridges],
                "bridge_weight": cycle.bridge_weight,
                "forces_one_wave": False,
            }
            for cycle in cycles(graph)
        ],
        "hubs": [hub.subsystem for hub in hubs(graph, HUBS_SHOWN)],
    }


def why(
    estate: Estate,
    source: SubsystemId,
    target: SubsystemId,
    route: tuple[Pair, ...] | None,
) -> str:
    """Why one subsystem depends on another, by links and by declarations."""
    from migrator.graph.reach import why as find_route

    if source == target:
        return f"{source} is itself; it depends on itself without any link."
    lines = []
    if route:
        hops = f"{len(route)} hop{'' if len(route) == 1 else 's'}"
        lines.append(f"{source} depends on {target} by links, in {hops}:")
        for arc in route:
            lines += ["", f"  {arc.source} -> {arc.target}: {_arc_words(arc)}"]
            lines += [f"    {_link_words(row)}" for row in _examples(estate, arc)]
    else:
        lines.append(f"{source} does not depend on {target} by links.")
        if find_route(estate.graph, target, source):
            lines.append(f"It is the other way round: --why {target} {source}")
    return "\n".join([*lines, "", *_tie_lines(estate, source, target)])


def why_facts(
    estate: Estate,
    source: SubsystemId,
    target: SubsystemId,
    route: tuple[Pair, ...] | None,
) -> dict[str, object]:
    """The same as data; `route` is null where there is none."""
    from migrator.graph.atoms import tie

    hops = [
        _arc_facts(arc) | {"examples": [_link_facts(row) for row in _examples(estate, arc)]}
        for arc in route or ()
    ]
    ties = {
        key: [
            {"from": first, "to": second} | _bond_facts(bond)
            for first, second, bond in tie(estate.inventory, *ends) or ()
        ]
        for key, ends in (("tie", (source, target)), ("tie_back", (target, source)))
    }
    together = bool(ties["tie"] and ties["tie_back"])
    return {
        "source": source,
        "target": target,
        "route": None if route is None else hops,
        "must_move_together": together,
        **ties,
    }


def around(estate: Estate, hood: Neighbourhood) -> str:
    """What is linked with a subsystem, and who is affected when it is down."""
    from migrator.graph.reach import reach

    found = reach(estate.graph, hood.centre)
    name = estate.names[hood.centre]
    lines = [
        f"{name} ({hood.centre})",
        (
            f"  down, it affects {len(found.affected_directly)} subsystems directly and "
            f"{len(found.affected)} in all"
        ),
        f"  it needs {len(found.needs_directly)} subsystems directly and {len(found.needs)} in all",
        (
            f"  within {hood.depth} hop{'' if hood.depth == 1 else 's'}: "
            f"{len(hood.distance) - 1} subsystems, {len(hood.arcs)} pairs"
        ),
    ]
    touching = [arc for arc in hood.arcs if hood.centre in {arc.source, arc.target}]
    for title, arcs in (
        ("Called by", [arc for arc in touching if arc.target == hood.centre]),
        ("Calls", [arc for arc in touching if arc.source == hood.centre]),
    ):
        if arcs:
            lines += ["", title, *_arc_table(arcs, hood.centre)]
    further = sorted(node for node, hops in hood.distance.items() if hops > 1)
    if further:
        lines += ["", f"Further away: {_some(further, NEIGHBOURS_SHOWN)}"]
    return "\n".join(lines)


def around_facts(estate: Estate, hood: Neighbourhood) -> dict[str, object]:
    """The same as data."""
    from migrator.graph.reach import reach

    found = reach(estate.graph, hood.centre)
    return {
        "centre": hood.centre,
        "name": estate.names[hood.centre],
        "depth": hood.depth,
        "distance": hood.distance,
        "arcs": [_arc_facts(arc) for arc in hood.arcs],
        "affected_directly": found.affected_directly,
        "affected": found.affected,
        "needs_directly": found.needs_directly,
        "needs": found.needs,
    }


def _cycle_lines(estate: Estate, found: Sequence[Cycle]) -> list[str]:
    """The largest circle, explained."""
    largest = found[0]
    whole = len(estate.graph.nodes)
    share = largest.bridge_weight / largest.weight if largest.weight else 0.0
    bridged = sum(arc.links for arc in largest.bridges)
    shown = largest.bridges[-BRIDGES_SHOWN:][::-1]
    example = " -> ".join((*largest.example, largest.example[0]))
    more = f", and {len(found) - 1} smaller" if len(found) > 1 else ""
    return [
        (
            f"Largest circle of links: {len(largest.members)} of {whole} subsystems, "
            f"{largest.links:,} links{more}"
        ),
        f"  members: {_some(largest.members, MEMBERS_SHOWN)}",
        f"  for example: {example}",
        f"  {WHY_NOT_ONE_WAVE}",
        f"  {_atoms_words(estate, largest)}",
        (
            f"  Without {len(largest.bridges):,} pairs ({bridged:,} links, {share:.1%} of the "
            "circle's weight) no circle is left; found by a heuristic, a lighter set may exist."
        ),
        "  The cheapest of them to bridge:",
        *_arc_table(shown, None),
    ]


def _atoms_in(estate: Estate, cycle: Cycle) -> int:
    """How many atoms a circle's moving members make."""
    members = set(cycle.members)
    return sum(1 for atom in estate.atoms if members & set(atom.members))


def _atoms_words(estate: Estate, cycle: Cycle) -> str:
    """The same in words, with those that never move."""
    moving = {member for atom in estate.atoms for member in atom.members}
    staying = len(set(cycle.members) - moving)
    never = f", and {staying} that never move" if staying else ""
    return f"They are {_atoms_in(estate, cycle)} atoms that switch independently{never}."


def _together_lines(groups: Sequence[Atom]) -> list[str]:
    """Which subsystems must move together, and who says why."""
    bound = [atom for atom in groups if len(atom.members) > 1]
    if not bound:
        return ["No declaration forces subsystems together."]
    lines = ["Must move together (declared)"]
    for atom in bound:
        lines.append(f"  {' + '.join(atom.members)}")
        lines += [f"    {_bond_words(bond)}" for bond in atom.bonds]
    return lines


def _order_lines(estate: Estate) -> list[str]:
    """Which atoms must switch in an order."""
    from migrator.graph.atoms import before_arcs

    arcs = before_arcs(estate.inventory)
    if not arcs:
        return []
    return ["", "Must switch in order (declared)", *(f"  {a} before {b}" for a, b in arcs)]


def _hub_lines(estate: Estate) -> list[str]:
    """The heaviest subsystems."""
    from migrator.graph.hubs import hubs

    rows = [
        (hub.subsystem, f"{hub.share:.1%}", hub.links, hub.callers, hub.called)
        for hub in hubs(estate.graph, HUBS_SHOWN)
    ]
    if not rows:
        return ["No links between subsystems, so no hubs."]
    header = ("subsystem", "touches", "links", "callers", "called")
    lines = output.table(header, rows).splitlines()
    return ["Hubs (share of all link weight that touches them)", *(f"  {line}" for line in lines)]


def _tie_lines(estate: Estate, source: SubsystemId, target: SubsystemId) -> list[str]:
    """What declarations say about two subsystems."""
    from migrator.graph.atoms import tie

    there = tie(estate.inventory, source, target)
    back = tie(estate.inventory, target, source)
    if there and back:
        title = f"{source} and {target} must move together, by declaration:"
        # The shorter of the two chains says it; a `with` is the same in both.
        chain = min(there, back, key=len)
    elif there or back:
        first, second = (source, target) if there else (target, source)
        title = f"{first} must switch before {second}, by declaration:"
        chain = there or back or ()
    else:
        return ["No declaration ties them: they may switch in any order; the links are bridged."]
    return [title, *(f"  {a} - {b}: {_bond_words(bond)}" for a, b, bond in chain)]


def _arc_table(arcs: Sequence[Pair], centre: SubsystemId | None) -> list[str]:
    """Arcs as a table, heaviest first where they are a subsystem's own."""
    shown = list(arcs)
    if centre is not None:
        shown = sorted(arcs, key=lambda arc: (-arc.weight, arc.source, arc.target))
    rows = [
        (
            f"{arc.source} -> {arc.target}"
            if centre is None
            else (arc.source if arc.target == centre else arc.target),
            arc.links,
            arc.calls_per_day,
            arc.weight,
        )
        for arc in shown[:NEIGHBOURS_SHOWN]
    ]
    header = ("pair" if centre is None else "subsystem", "links", "calls a day", "weight")
    lines = [f"    {line}" for line in output.table(header, rows).splitlines()]
    rest = len(shown) - NEIGHBOURS_SHOWN
    return [*lines, f"    and {rest} more"] if rest > 0 else lines


def _examples(estate: Estate, arc: Pair) -> tuple[LinkRow, ...]:
    """Some links of a pair, those with the most calls."""
    from migrator.links.drill import example_links

    return example_links(estate.table, arc.source, arc.target, EXAMPLES_SHOWN)


def _arc_words(arc: Pair) -> str:
    """One pair in words."""
    links = f"{arc.links:,} link{'' if arc.links == 1 else 's'}"
    return f"{links}, {arc.calls_per_day:,} calls a day"


def _link_words(row: LinkRow) -> str:
    """One link in words."""
    port = "" if row.port is None else f":{row.port}"
    return (
        f"{row.id}  {row.source} -> {row.target}  {row.protocol}{port}  "
        f"{row.calls_per_day:,} calls a day  {row.latency_class.value}  ({row.evidence})"
    )


def _bond_words(bond: Relation) -> str:
    """One declaration in words."""
    return f"{bond.kind.value} {', '.join(bond.members)}: {bond.reason} ({bond.owner})"


def _some(names: Sequence[str], limit: int) -> str:
    """Some names, and how many more."""
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def _arc_facts(arc: Pair) -> dict[str, object]:
    """One pair as data."""
    return {
        "source": arc.source,
        "target": arc.target,
        "links": arc.links,
        "weight": arc.weight,
        "calls_per_day": arc.calls_per_day,
        "by_latency": {kind.value: number for kind, number in arc.by_latency.items()},
        "examples": list(arc.examples),
    }


def _link_facts(row: LinkRow) -> dict[str, object]:
    """One link as data."""
    return {
        "id": row.id,
        "source": row.source,
        "target": row.target,
        "protocol": row.protocol,
        "port": row.port,
        "calls_per_day": row.calls_per_day,
        "latency_class": row.latency_class.value,
        "evidence": row.evidence,
    }


def _bond_facts(bond: Relation) -> dict[str, object]:
    """One declaration as data."""
    return {
        "kind": bond.kind.value,
        "members": list(bond.members),
        "owner": bond.owner,
        "reason": bond.reason,
    }
