"""The tables of `engine/states.py` as text and as pictures, drawn from the tables themselves.

`tables_as_text` is what tests/golden/state_tables.txt keeps, and what the tests of the states
expect; `pictures_as_markdown` is docs/states.md. Both are written anew by `make golden`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Final

from migrator.engine import states
from migrator.engine.events import Event
from migrator.engine.policy import authority_after
from migrator.engine.states import ActState
from migrator.plan.recipes import RECIPES

Table = Mapping[Enum, Mapping[type[Event], Enum]]
TABLES: Final[dict[str, Table]] = {
    "run": states.RUN,  # type: ignore[dict-item]  # each table has a state type of its own
    "wave": states.WAVE,  # type: ignore[dict-item]  # the same
    "check": states.CHECK,  # type: ignore[dict-item]  # the same
    "disturbance": states.DISTURBANCE,  # type: ignore[dict-item]  # the same
}
WORDS: Final[dict[str, Mapping[str, ActState]]] = {
    "ends": states.ENDS,
    "settles": states.SETTLES,
    "resolutions": states.RESOLUTIONS,
}

_HEAD = """# The states of a run

Drawn from the tables of `src/migrator/engine/states.py` by `tests/state_pictures.py`; a test holds
this page against them, and `make golden` writes it anew. What is not drawn is illegal: such an
event raises and changes nothing.
"""


def tables_as_text() -> str:
    """One line for each legal change, in the order of the tables."""
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    for name, table in TABLES.items():
        for state, following in table.items():
            if not following:
                yield f"{name} {state.value}: nothing"
            for kind, then in following.items():
                yield f"{name} {state.value}: {kind.__name__} -> {then.value}"
    for act_state, kinds in states.ACT.items():
        for kind_name in sorted(kind.__name__ for kind in kinds) or ["nothing"]:
            yield f"act {act_state.value}: {kind_name}"
    for name, words in WORDS.items():
        for word, then in words.items():
            yield f"{name} {word}: {then.value}"
    yield f"complete: {_names(states.COMPLETE)}"
    yield f"final waves: {_names(states.FINAL_WAVES)}"


def _names(members: frozenset[ActState] | frozenset[states.WaveState]) -> str:
    return ", ".join(sorted(member.value for member in members))


def pictures_as_markdown() -> str:
    """docs/states.md."""
    parts = [_HEAD]
    parts += [
        _picture("The run", states.RUN, "running"),
        _picture("A wave, in each of its attempts", states.WAVE, "planned"),
        _picture("A check", states.CHECK, "open"),
        _picture("A disturbance", states.DISTURBANCE, "yellow"),
        _acts(),
        _authority(),
    ]
    return "\n".join(parts)


def _picture(title: str, table: object, first: str) -> str:
    assert isinstance(table, Mapping)
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, following in table.items():
        for kind, then in following.items():
            arrows.setdefault((state.value, then.value), []).append(kind.__name__)
    lines = [f"    [*] --> {first}"]
    lines += [f"    {one} --> {two}: {', '.join(kinds)}" for (one, two), kinds in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state, following in table.items() if not following]
    return _mermaid(title, lines)


def _acts() -> str:
    """A step or an undo: its arrows come from four tables, because outcomes say where to."""
    where = {
        "Started": {"": ActState.STARTED},
        "Ended": states.ENDS,
        "Doubted": {"": ActState.DOUBTED},
        "Settled": states.SETTLES,
        "Resolved": states.RESOLUTIONS,
    }
    arrows: dict[tuple[str, str], list[str]] = {}
    for state, kinds in states.ACT.items():
        for suffix, words in where.items():
            if any(kind.__name__.endswith(suffix) for kind in kinds):
                for word, then in words.items():
                    arrows.setdefault((state.value, then.value), []).append(
                        word.replace("-", " ") or suffix.lower()
                    )
    lines = ["    [*] --> waiting"]
    lines += [f"    {one} --> {two}: {', '.join(words)}" for (one, two), words in arrows.items()]
    lines += [f"    {state.value} --> [*]" for state, kinds in states.ACT.items() if not kinds]
    return _mermaid("A step or an undo", lines)


def _authority() -> str:
    """Who holds authority, by the act that moves it."""
    lines = []
    for name in ("stateful", "stateless"):
        recipe = RECIPES[name]
        acts = [step.kind.value for step in recipe.steps]
        acts += [undo.kind.value for undo in recipe.unwind]
        for act in acts:
            side = authority_after(recipe, act)
            if side is not None:
                lines.append(f"| {name} | {act} | {side} |")
    head = ["| recipe | when this act is done | authority is with |", "|---|---|---|"]
    return "\n".join(["## Authority", "", *head, *lines, ""])


def _mermaid(title: str, lines: list[str]) -> str:
    return "\n".join([f"## {title}", "", "```mermaid", "stateDiagram-v2", *lines, "```", ""])
