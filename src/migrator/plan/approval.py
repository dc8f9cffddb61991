"""Who said yes to a plan, to exactly what, and whether that yes still counts.

`migrator approve` writes `plans/x.approval.yaml` for the merge request; a wall-clock run refuses
to start without a valid one; a scheduled job asks every night what has changed since. An approval
keeps digests of the parts of the plan and of its inventory, so that it can be said which of them
changed and not only that something did. Who signs is as asserted, beside the user of the operating
system; signatures come with sign-in. Pure: `at` and the program's version are arguments.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import PurePath
from typing import Final

from migrator.errors import Fault, InputError, RefusedError
from migrator.ids import PersonId
from migrator.inventory.canonical import NOT_COVERED
from migrator.inventory.model import Inventory
from migrator.inventory.times import instant
from migrator.inventory.times import zone as zone_named
from migrator.inventory.yaml_text import read_yaml
from migrator.plan.digest import canonical_json, plan_digest
from migrator.plan.findings import clock
from migrator.plan.model import Plan
from migrator.plan.schema import check_approvals_file
from migrator.plan.seal import Inputs, Seal, inputs_from
from migrator.plan.text import quoted

PART_DIGITS: Final = 12
"""Hex digits kept of each part's digest: they only tell changed from unchanged, the whole digests
beside them are what an approval rests on."""

HEADER: Final = """\
# Approvals of a cutover plan. `migrator approve PLAN --as NAME` adds one at the end;
# `migrator approve PLAN --check` says what has changed since, and whether one still counts.
# Do not write into it by hand: an approval is of exactly what its digests say.
schema_version: 1
approvals:
"""


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's yes. `parts` are digests by part, to say later what changed."""

    person: PersonId
    system_user: str
    at: datetime
    plan: str  # its name
    approved: str  # what was approved, in one sentence
    statement: str
    seal: str | None  # the short form; None: approved without a dry run's seal
    inputs: Inputs
    parts: dict[str, str]


@dataclass(frozen=True, slots=True)
class ApprovalVerdict:
    """Whether an approval counts.

    `changed` is everything that is different since, in sentences; what of it the policy does not
    tolerate stands in `lapsed_because`.
    """

    valid: bool
    lapsed_because: tuple[str, ...]
    changed: tuple[str, ...]


def inputs_of(
    plan: Plan, inventory: Inventory, links_digest: str, manifests_digest: str, version: str
) -> Inputs:
    """What is there now, as a seal and an approval name it."""
    return Inputs(plan_digest(plan), inventory.digest, links_digest, manifests_digest, version)


def decision_makers(plan: Plan) -> tuple[PersonId, ...]:
    """Everybody who decides at a gate of the plan, sorted; empty where none is named."""
    return tuple(sorted({who for wave in plan.waves for who in wave.gate.deciders}))


def make_approval(  # noqa: PLR0913 - an approval has as many parts as it has
    plan: Plan,
    inventory: Inventory,
    inputs: Inputs,
    person: PersonId,
    system_user: str,
    at: datetime,
    *,
    seal: Seal | None,
    statement: str,
) -> Approval:
    """A person's yes to a plan.

    RefusedError where it is not theirs to say, or where the seal is not of this plan.
    """
    makers = decision_makers(plan)
    if makers and person not in makers:
        raise RefusedError(
            "not-a-decision-maker",
            f"'{person}' decides at no gate of this plan",
            hint=f"one of these may approve it: {', '.join(makers)}",
        )
    if seal is not None:
        _refuse_seal(seal, inputs)
    return Approval(
        person=person,
        system_user=system_user,
        at=at.replace(microsecond=0),
        plan=plan.name,
        approved=sentence(plan),
        statement=statement,
        seal=None if seal is None else seal.short_form,
        inputs=inputs,
        parts=_parts(plan, inventory),
    )


def sentence(plan: Plan) -> str:
    """What a plan is about, for somebody who signs it."""
    zone = zone_named(plan.window.time_zone)
    moves = sum(len(wave.moves) for wave in plan.waves)
    return (
        f"{moves} moves in {len(plan.waves)} waves, {clock(plan.window.start, zone)} to "
        f"{clock(plan.window.end, zone)} {plan.window.time_zone}"
    )


def check_approval(
    plan: Plan, inventory: Inventory, inputs: Inputs, approval: Approval
) -> ApprovalVerdict:
    """Whether an approval still counts for what is there now (`inputs`, by `inputs_of`)."""
    found = list(_changes(approval, inputs, _parts(plan, inventory)))
    lapsed = [text for word, text in found if word in plan.policy.approval_lapses_when]
    makers = decision_makers(plan)
    if makers and approval.person not in makers:
        text = f"{approval.person} decides at no gate of the plan any more"
        found.append(("person", text))
        lapsed.append(text)
    # A new version of the program is found under several words.
    changed = dict.fromkeys(text for _, text in found)
    return ApprovalVerdict(not lapsed, tuple(dict.fromkeys(lapsed)), tuple(changed))


def standing(
    plan: Plan, inventory: Inventory, inputs: Inputs, approvals: Iterable[Approval]
) -> tuple[tuple[Approval, ApprovalVerdict], ...]:
    """Every approval with its verdict, in the file's order; one that is valid is enough to run."""
    return tuple(
        (approval, check_approval(plan, inventory, inputs, approval)) for approval in approvals
    )


def approval_path(plan_path: PurePath) -> str:
    """Where the approvals of a plan file lie: `plans/x.yaml` -> `plans/x.approval.yaml`."""
    return str(plan_path.with_suffix(".approval.yaml"))


# --- what changed --------------------------------------------------------------------------------


def _refuse_seal(seal: Seal, inputs: Inputs) -> None:
    other = [
        name
        for name in ("plan", "inventory", "links", "manifests")
        if getattr(seal.inputs, f"{name}_digest") != getattr(inputs, f"{name}_digest")
    ]
    if other:
        raise RefusedError(
            "seal-does-not-fit",
            f"the seal {seal.short_form} is of another {' and another '.join(other)}",
            hint="make it anew with `migrator dry-run`, then approve",
        )
    if seal.result != "passed":
        raise RefusedError(
            "seal-does-not-fit",
            f"the seal {seal.short_form} is of a dry run that failed",
            hint="mend what it found, run `migrator dry-run` again, then approve",
        )


def _parts(plan: Plan, inventory: Inventory) -> dict[str, str]:
    """A digest for each part that people know by name."""
    parts: dict[str, object] = {f"wave {wave.id}": wave for wave in plan.waves}
    parts["order of the waves"] = [wave.id for wave in plan.waves]
    parts |= {f"recipe {name}": recipe for name, recipe in plan.recipes.items()}
    whole = {"waves", "recipes"}
    parts |= {
        field.name: getattr(plan, field.name) for field in fields(Plan) if field.name not in whole
    }
    parts |= {
        f"inventory: {field.name}": getattr(inventory, field.name)
        for field in fields(Inventory)
        if field.name not in NOT_COVERED
    }
    return {name: _part_digest(part) for name, part in sorted(parts.items())}


def _part_digest(part: object) -> str:
    return hashlib.sha256(canonical_json(part).encode()).hexdigest()[:PART_DIGITS]


def _changes(approval: Approval, now: Inputs, parts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What is different since, by the words of `policy.approval_lapses_when`."""
    then = approval.inputs
    names = sorted(
        name for name in {*parts, *approval.parts} if parts.get(name) != approval.parts.get(name)
    )
    if then.plan_digest != now.plan_digest:
        yield "plan", _what("the plan", [n for n in names if not n.startswith("inventory: ")])
    if then.inventory_digest != now.inventory_digest:
        inside = [n.removeprefix("inventory: ") for n in names if n.startswith("inventory: ")]
        yield "inventory", _what("the inventory", inside)
    if then.links_digest != now.links_digest:
        yield "links", "the links changed"
    if then.manifests_digest != now.manifests_digest:
        yield "manifests", "the manifests or probes.yaml changed"
    old, new = then.program_version, now.program_version
    if old != new:
        pairs = zip(_numbers(old), _numbers(new), strict=True)
        part = next((n for n, (a, b) in enumerate(pairs) if a != b), 2)
        text = f"migrator is {new}; it was {old}"
        # A policy that lapses by a smaller part lapses by every larger part, too.
        yield from ((word, text) for word in _LAPSING[part])


_LAPSING: Final = (
    ("program_major", "program_minor", "program_patch"),
    ("program_minor", "program_patch"),
    ("program_patch",),
)


def _numbers(version: str) -> tuple[str, str, str]:
    """Major, minor and the rest of a version."""
    parts = [*version.split(".", 2), "", ""]
    return parts[0], parts[1], parts[2]


def _what(whole: str, names: Sequence[str]) -> str:
    return f"{whole} changed: {', '.join(names)}" if names else f"{whole} changed"


# --- the file ------------------------------------------------------------------------------------


def add_approval(text: str | None, approval: Approval, file: str) -> str:
    """The file with one more approval at its end; None: there is no file yet."""
    before = () if text is None else approvals_from_text(text, file)
    grown = (HEADER if text is None else text.rstrip("\n") + "\n") + _entry(approval)
    try:
        after = approvals_from_text(grown, file)
    except InputError:
        after = ()
    if after != (*before, approval):
        # Somebody wrote into the file, so that its end is not the end of its list.
        raise _broken(file, ())
    return grown


def approvals_from_text(text: str, file: str) -> tuple[Approval, ...]:
    """The approvals that a text says; InputError names every fault in it, with its line."""
    checked = check_approvals_file(read_yaml(text, file))
    if isinstance(checked, tuple):
        raise _broken(file, checked)
    return tuple(
        Approval(
            person=PersonId(part.person),
            system_user=part.system_user,
            at=part.at,
            plan=part.plan,
            approved=part.approved,
            statement=part.statement,
            seal=part.seal,
            inputs=inputs_from(part.inputs),
            parts=part.parts,
        )
        for part in checked.approvals
    )


def _broken(file: str, faults: tuple[Fault, ...]) -> InputError:
    return InputError(
        "broken-approval",
        f"{file} is not as migrator writes approvals",
        hint="take the file from version control again, or remove it and approve anew",
        faults=faults,
    )


def _entry(approval: Approval) -> str:
    """One approval as YAML."""
    inputs = [(field.name, getattr(approval.inputs, field.name)) for field in fields(Inputs)]
    head = (
        ("system_user", approval.system_user),
        ("at", instant(approval.at)),
        ("plan", approval.plan),
        ("approved", approval.approved),
        ("statement", approval.statement),
        *([] if approval.seal is None else [("seal", approval.seal)]),
    )
    lines = [
        f"  - person: {approval.person}  # as asserted",
        *(f"    {key}: {quoted(value)}" for key, value in head),
        "    inputs:",
        *(f"      {key}: {quoted(value)}" for key, value in inputs),
        "    parts:  # digests of what was approved, so that it can be said what changed",
        *(f"      {quoted(key)}: {quoted(value)}" for key, value in approval.parts.items()),
    ]
    return "".join(line + "\n" for line in lines)
