"""Circles: `before` relations that nobody can obey, and deputies who stand in for each other.

Called by `checks.py`. Plain Python over hundreds of nodes: this package stands below the graph
library. A circle is reported as its shortest one, member by member, because that is what a person
can break; one sentence per knot, not one per way around it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import pairwise

from migrator.errors import Fault
from migrator.inventory.door import Placed
from migrator.inventory.rows import Rows
from migrator.inventory.schema import RelationRow

Arcs = Mapping[str, Iterable[str]]


def shortest_circles(arcs: Arcs) -> list[list[str]]:
    """One shortest circle of each knot (a set of nodes that all reach each other), by name."""
    circles: list[list[str]] = []
    done: set[str] = set()
    for node in sorted(arcs):
        if node in done:
            continue
        circle = _back_to(node, arcs)
        if circle:
            reached = _reach(node, arcs)
            done |= {other for other in reached if node in _reach(other, arcs)}
            circles.append(_smallest_of_knot(circle, arcs))
    return circles


def before_circles(rows: Rows) -> list[Fault]:
    """The circles of `before`, after those that move `with` each other are taken as one."""
    group = _groups(placed.row.members for placed in rows.relations if placed.row.kind == "with")
    asked = _asked(rows)
    between: dict[str, set[str]] = {}
    inside: dict[str, set[str]] = {}
    for first, second in asked:
        one, two = group.get(first, first), group.get(second, second)
        if one == two:
            inside.setdefault(first, set()).add(second)
        else:
            between.setdefault(one, set()).add(two)
    faults = [
        _circle_fault(_steps(circle, asked, {}), asked) for circle in shortest_circles(inside)
    ]
    faults += [
        _circle_fault(_steps(circle, asked, group), asked) for circle in shortest_circles(between)
    ]
    return faults


def deputy_circles(rows: Rows) -> list[Fault]:
    """People whose deputies lead back to themselves: then nobody stands in."""
    people = {placed.row.id: placed for placed in rows.people}
    arcs = {
        person: [placed.row.deputy]
        for person, placed in people.items()
        if placed.row.deputy is not None
    }
    faults = []
    for circle in shortest_circles(arcs):
        chain = " -> ".join([*circle, circle[0]])
        message = f"the deputies go in a circle: {chain}; name somebody outside it"
        faults.append(people[circle[0]].fault(message, "deputy"))
    return faults


Asked = dict[tuple[str, str], Placed[RelationRow]]


def _asked(rows: Rows) -> Asked:
    """Who must go before whom, and the relation that says so."""
    asked: Asked = {}
    for placed in rows.relations:
        if placed.row.kind == "before":
            for pair in pairwise(placed.row.members):
                if pair[0] != pair[1]:  # a doubled member has a fault of its own
                    asked.setdefault(pair, placed)
    return asked


def _groups(together: Iterable[Iterable[str]]) -> dict[str, str]:
    """Each member's group, named by its smallest member."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for members in together:
        roots = sorted({root(member) for member in members})
        for other in roots[1:]:
            parent[other] = roots[0]
    return {node: root(node) for node in sorted(parent)}


def _steps(circle: list[str], asked: Asked, group: Mapping[str, str]) -> list[tuple[str, str]]:
    """The pairs of subsystems that make the circle of groups, in its order."""
    pairs = []
    for one, two in zip(circle, [*circle[1:], circle[0]], strict=True):
        fitting = (p for p in asked if (group.get(p[0], p[0]), group.get(p[1], p[1])) == (one, two))
        pairs.append(min(fitting))
    return pairs


def _circle_fault(steps: list[tuple[str, str]], asked: Asked) -> Fault:
    """Tell the circle member by member, at the relation that closes it."""
    told = []
    for number, (first, second) in enumerate(steps):
        line = asked[first, second].line()
        told.append(f"'{first}' before '{second}' (line {line})")
        onward = steps[(number + 1) % len(steps)][0]
        if onward != second:
            told.append(f"'{second}' together with '{onward}'")
    message = (
        "the relations ask for a circle: "
        + ", ".join(told)
        + "; take one of these declarations back"
    )
    closing = max((asked[pair] for pair in steps), key=lambda placed: placed.line() or 0)
    return closing.fault(message, "members")


def _reach(start: str, arcs: Arcs) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for after in arcs.get(waiting.pop(), ()):
            if after not in reached:
                reached.add(after)
                waiting.append(after)
    return reached


def _back_to(start: str, arcs: Arcs) -> list[str]:
    """The shortest way from a node back to itself; empty where there is none."""
    came_from: dict[str, str] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for after in sorted(arcs.get(node, ())):
            if after == start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if after not in came_from:
                came_from[after] = node
                waiting.append(after)
    return []


def _smallest_of_knot(circle: list[str], arcs: Arcs) -> list[str]:
    """The shortest circle through any member of this one; ties go to the smallest name."""
    candidates = [_back_to(node, arcs) for node in sorted(circle)]
    best = min(candidates, key=lambda found: (len(found), found))
    smallest = best.index(min(best))
    return best[smallest:] + best[:smallest]
