"""A view in the DOT language of Graphviz, for people's own tools.

Called by `migrator graph --format dot`. Every id and text is quoted, because DOT gives meaning to
words like `node` and to points and dashes. What must move together is drawn as a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping

from migrator.graph.view import View
from migrator.ids import SubsystemId


def dot(view: View, names: Mapping[SubsystemId, str]) -> str:
    """Write a view; `names` gives each subsystem's name, shown above its id."""
    lines = [
        f"digraph {quoted(view.title)} {{",
        f"  label={quoted(view.title, view.left_out)};",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled", fillcolor="#f4f6f8", fontname="sans-serif"];',
        '  edge [color="#5b6b7b", fontname="sans-serif", fontsize=10];',
    ]
    for atom in view.atoms:
        members = [member for member in atom.members if member in view.nodes]
        lines.append(f"  subgraph {quoted(f'cluster_{atom.id}')} {{")
        lines.append(f"    label={quoted('must move together')};")
        lines += [f"    {quoted(member)};" for member in members]
        lines.append("  }")
    for node in view.nodes:
        accent = ', fillcolor="#cfe3f7", penwidth=2' if node in view.focus else ""
        lines.append(f"  {quoted(node)} [label={quoted(names[node], node)}{accent}];")
    heaviest = max((arc.weight for arc in view.arcs), default=0) or 1
    for arc in view.arcs:
        width = 1 + 5 * arc.weight / heaviest
        label = f"{arc.links} link{'' if arc.links == 1 else 's'}"
        lines.append(
            f"  {quoted(arc.source)} -> {quoted(arc.target)}"
            f" [label={quoted(label)}, penwidth={width:.2f}];"
        )
    return "\n".join([*lines, "}"]) + "\n"


def quoted(*lines: str) -> str:
    """Quote a text of one or more lines for DOT."""
    plain = "\n".join(lines).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'
