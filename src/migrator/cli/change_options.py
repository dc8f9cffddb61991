"""The options by which people have a hand in a plan: where who goes, how large waves are, what if.

Used by `plan` and `replan`, so that both are typed alike. Reads words and files only; what the
words mean is said by `planner/requests.py` and `planner/what_if.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.errors import InputError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanFile
    from migrator.inventory.model import Inventory
    from migrator.planner.requests import Earlier, Place, Requests, Typed
    from migrator.planner.what_if import LeftOut, Supposed

Pin = Annotated[
    list[str] | None,
    typer.Option(
        "--pin", metavar="ID=WAVE", help="Put a subsystem into a wave; it stays there from then on."
    ),
]
Unpin = Annotated[
    list[str] | None, typer.Option("--unpin", metavar="ID", help="Take a pin of the plan back.")
]
Forbid = Annotated[
    list[str] | None,
    typer.Option("--forbid", metavar="ID=WAVE", help="Keep a subsystem out of a wave."),
]
Allow = Annotated[
    list[str] | None,
    typer.Option("--allow", metavar="ID=WAVE", help="Take a forbidden wave of the plan back."),
]
Merge = Annotated[
    list[str] | None,
    typer.Option("--merge", metavar="W+W", help="Make one wave of two, as in w03+w04."),
]
Split = Annotated[
    list[str] | None,
    typer.Option("--split", metavar="W[:ID,ID]", help="Cut a wave in two; those named go later."),
]
Critical = Annotated[
    int | None,
    typer.Option(
        "--critical-per-wave-max",
        min=0,
        help="How many of criticality 5 a wave may have.",
        show_default=False,
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option("--without", metavar="ID", help="What if this subsystem did not move?"),
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        "--what-if",
        metavar="TEXT",
        help="What if there were more? Such as '+3 handlers claims 22:00-06:00', "
        "'+1 seat blue sat 08-16', 'copy 400', 'window +4h'.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that was typed to change a plan."""

    typed: Typed
    without: tuple[str, ...]
    what_if: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Tell whether anything was asked for."""
        return self.typed.any or bool(self.without or self.what_if)


@dataclass(frozen=True, slots=True)
class Estate:
    """The inventory as it is supposed to be, and what was supposed."""

    inventory: Inventory
    supposed: tuple[Supposed, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def is_real(self) -> bool:
        """Tell whether it is the inventory of the files."""
        return not (self.supposed or self.left_out)


def supposed_estate(inventory: Inventory, asked: Asked) -> Estate:
    """The estate with every supposition. InputError names what is not understood."""
    from migrator.cli.fault_lines import with_lines
    from migrator.inventory.door import did_you_mean
    from migrator.planner.what_if import leave_out, suppose

    inventory, supposed = suppose(inventory, asked.what_if)
    moving = {str(s.id): s.id for s in inventory.moving}
    names = [name.strip() for text in asked.without for name in text.split(",") if name.strip()]
    for name in names:
        if name not in moving:
            raise InputError(
                "unclear-request",
                f"--without {name}: no subsystem of that name moves{did_you_mean(name, moving)}",
                hint="name a subsystem by its id, as in the plan",
            )
    with with_lines(inventory):
        inventory, left_out = leave_out(inventory, [moving[name] for name in dict.fromkeys(names)])
    return Estate(inventory, supposed, left_out)


def earlier_in(file: PlanFile, *, new_search: bool) -> Earlier:
    """What stands in an earlier plan, with its lines.

    A new search has waves of its own: the ids that people gave theirs become its numbers.
    """
    from migrator.planner.changes import earlier_of
    from migrator.planner.waves import wave_id

    earlier = earlier_of(file.plan, _places(file))
    if not new_search:
        return earlier
    assert earlier.waves is not None, "a plan has waves"
    number = {wave: wave_id(position) for position, wave in enumerate(earlier.waves)}
    return replace(
        earlier,
        waves=None,
        pins={name: (number[wave], place) for name, (wave, place) in earlier.pins.items()},
        forbidden={
            name: {number[wave]: place for wave, place in at.items() if wave in number}
            for name, at in earlier.forbidden.items()
        },
    )


def understood(asked: Asked, inventory: Inventory, earlier: Earlier | None) -> Requests:
    """What was asked for. InputError names every word that is not understood."""
    from migrator.planner.requests import understand
    from migrator.planner.rules import find_rules

    return understand(asked.typed, inventory, find_rules(inventory), earlier)


def asked_for(
    *,
    pin: Sequence[str] | None,
    unpin: Sequence[str] | None,
    forbid: Sequence[str] | None,
    allow: Sequence[str] | None,
    merge: Sequence[str] | None,
    split: Sequence[str] | None,
    moves_per_wave_max: int | None,
    critical_per_wave_max: int | None,
    without: Sequence[str] | None = None,
    what_if: Sequence[str] | None = None,
) -> Asked:
    """The options as typed, gathered."""
    from migrator.planner.requests import Typed

    return Asked(
        Typed(
            pins=tuple(pin or ()),
            unpins=tuple(unpin or ()),
            forbids=tuple(forbid or ()),
            allows=tuple(allow or ()),
            merges=tuple(merge or ()),
            splits=tuple(split or ()),
            moves_per_wave_max=moves_per_wave_max,
            critical_per_wave_max=critical_per_wave_max,
        ),
        tuple(without or ()),
        tuple(what_if or ()),
    )


def say_supposed(estate: Estate, plan: Path | None) -> None:
    """Say that the plan is for an estate that does not exist yet, and how to make it so."""
    if estate.is_real:
        return
    output.say("what if: the plan is for an estate that is not in the files yet. To make it so:")
    for one in estate.supposed:
        output.say(f"  {one.text}: {one.written}")
    for out in estate.left_out:
        output.say(
            f"  without {out.subsystem}: subsystems.yaml: kind stays, with a reason and a "
            "review date"
        )
        for relation in out.binding:
            members = ", ".join(relation.members)
            output.say(f"    and relations.yaml: {relation.kind.value} {members} loses a member")
    again = f"migrator plan DIR --from {plan} -o {plan}" if plan else "migrator plan DIR"
    output.say(f"  then: {again}; until then `migrator lint` refuses it")


def _places(file: PlanFile) -> dict[tuple[str, str], Place]:
    """Where the pins and the forbidden waves of a plan stand in its file."""
    from migrator.planner.requests import Place

    document, places = file.document, {}
    for w, wave in enumerate(file.plan.waves):
        for m, move in enumerate(wave.moves):
            if move.pinned:
                line = document.line(("waves", w, "moves", m))
                said = f"{move.subsystem}, pinned in {wave.id}"
                places["pin", str(move.subsystem)] = Place(document.file, line, said)
    for name in file.plan.constraints.forbidden_waves:
        path = ("constraints", "forbidden_waves", name)
        line = document.line(path)
        places["forbid", str(name)] = Place(document.file, line, ".".join(path))
    return places
