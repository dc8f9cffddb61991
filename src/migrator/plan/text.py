"""A plan as YAML text and back: the file that engineers read, edit and review in a pull request.

The planner's command writes it, every command that takes a PLAN reads it. The writer is our own:
a fixed order, one line for each move (so that a moved subsystem is one line of a diff), comments
where they help, durations and local times as people write them. What it writes, the reader gives
back as the equal Plan. Only `read_plan` touches a file; nothing here judges whether a plan is wise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from migrator.errors import Fault, InputError
from migrator.ids import SubsystemId
from migrator.inventory.duration import format_minutes
from migrator.inventory.text_file import read_text_file
from migrator.inventory.times import at_offset
from migrator.inventory.yaml_text import Document, read_yaml
from migrator.plan import schema
from migrator.plan.assemble import assemble
from migrator.plan.assemble_means import UNPRINTABLE, flow_text, means_lines
from migrator.plan.certificate_text import certificate_lines
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.model import Plan, PlannedMove, Policy, RecipeStep, RecipeUndo, Trouble
from migrator.plan.verifying import Verifying

HEADER: Final = """\
# A cutover plan, written by migrator: which subsystem moves in which wave, and when.
# It is meant to be edited and reviewed. Each move is one line:
#   - move a subsystem to another wave by moving its line (and mend its times);
#     add `pinned: true` to it, so that a new plan leaves it there;
#   - times with an offset are exact; without one they are local in window.time_zone;
#   - durations are 90s, 15m, 1h30m; comments and the order of keys mean nothing to the program.
# Afterwards:  migrator lint PLAN      names everything that no longer holds, with its line
#              migrator diff OLD PLAN  says in words what changed, and what it costs
"""

_PLAIN: Final = re.compile(r"[^\W\d_](?:[\w ./@+-]*[\w./@+-])?")
# Words that YAML 1.1 or 1.2 takes for something else than text.
_NO_TEXT: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def read_plan(path: Path) -> Plan:
    """The plan in a file; InputError names every fault in it."""
    return plan_from_document(read_plan_document(path))


def read_plan_document(path: Path) -> Document:
    """A plan file as data with lines: lint shows where in the file a finding stands."""
    missing = InputError(
        "plan-not-found",
        f"there is no plan file {path}",
        hint="name a plan file, such as plans/ours.yaml; `migrator plan` makes one",
    )
    return read_yaml(read_text_file(path, missing), str(path))


def plan_from_text(text: str, file: str) -> Plan:
    """The plan that a text says; InputError names every fault in it, with its line."""
    return plan_from_document(read_yaml(text, file))


def plan_from_document(document: Document) -> Plan:
    """The plan that a document says; InputError names every fault in it, with its line."""
    if document.data is None:
        checked: schema.PlanFile | tuple[Fault, ...] = (
            Fault(document.file, 1, "", "the file is empty"),
        )
    else:
        checked = schema.check_plan_file(document)
    if isinstance(checked, tuple):
        raise InputError(
            "broken-plan",
            f"{document.file} is not a plan that migrator understands",
            hint="mend what the lines say; `migrator schema` writes a schema that helps an editor",
            faults=checked,
        )
    return assemble(checked)


def plan_to_text(plan: Plan, names: Mapping[SubsystemId, str] | None = None) -> str:
    """The plan as a file. `names` are the subsystems' names, written as comments beside the ids."""
    writer = _Writer(ZoneInfo(plan.window.time_zone), names or {})
    blocks = (
        writer.head(plan),
        writer.constraints(plan),
        writer.waves(plan),
        writer.stays(plan),
        writer.policy(plan.policy),
        writer.recipes(plan),
        writer.assumed(plan),
    )
    body = "\n".join("".join(line + "\n" for line in block) for block in blocks)
    return HEADER + "\n" + body


class _Writer:
    """One method for each block of the file, in the file's order; each yields lines."""

    # A class only because the zone and the names would otherwise go through every call.
    def __init__(self, zone: ZoneInfo, names: Mapping[SubsystemId, str]) -> None:
        self.zone = zone
        self.names = names

    def time(self, moment: datetime) -> str:
        """A moment as the clocks of the window show it, with its offset."""
        assert moment.microsecond == 0, "a plan's times are whole seconds"
        unit = "seconds" if moment.second else "minutes"
        return f'"{at_offset(moment, self.zone).isoformat(timespec=unit)}"'

    def remark(self, subsystem: SubsystemId) -> str:
        """The comment that names a subsystem, with the space before it; empty without a name."""
        name = self.names.get(subsystem, "")
        words = " ".join(UNPRINTABLE.sub(" ", name).split())
        return f"  # {words}" if words.isprintable() and words else ""

    def head(self, plan: Plan) -> Iterator[str]:
        """What the plan is, what it was made from, when and where to, and what it costs."""
        made_from, window, figures = plan.inventory, plan.window, plan.figures
        yield f"schema_version: {plan.schema_version}"
        yield f"name: {_text(plan.name)}"
        yield ""
        yield "inventory:  # the digests tie the plan to what it was made from"
        yield f"  path: {_text(made_from.path)}"
        yield f"  name: {_text(made_from.name)}"
        yield f"  digest: {quoted(made_from.digest)}"
        yield f"  links: {made_from.links}"
        yield f"  links_digest: {quoted(made_from.links_digest)}"
        yield ""
        yield "window:"
        yield f"  start: {self.time(window.start)}"
        yield f"  end: {self.time(window.end)}"
        yield f"  time_zone: {_text(window.time_zone)}"
        yield ""
        yield f"source: {_text(plan.source)}"
        yield f"target: {_text(plan.target)}"
        yield ""
        yield "figures:  # of the plan as it was made; `migrator diff` reckons an edited one anew"
        yield (
            f"  exposure_hours: {_number(figures.exposure_hours)}"
            "  # mean hours that a unit of link weight is split between the platforms"
        )
        yield (
            f"  makespan_hours: {_number(figures.makespan_hours)}"
            "  # from the window's start to the last planned end"
        )
        yield (
            f"  unwind_all_hours: {_number(figures.unwind_all_hours)}"
            "  # to undo everything at its end"
        )
        yield f"  seed: {figures.seed}"
        yield f"  evaluations: {figures.evaluations}"
        if plan.certificate is not None:
            yield ""
            yield from certificate_lines(plan.certificate)

    def constraints(self, plan: Plan) -> Iterator[str]:
        """The limits that a person may tighten."""
        limits = plan.constraints
        yield "constraints:  # tighten them here; lint holds the waves to them"
        yield f"  moves_per_wave_max: {limits.moves_per_wave_max}"
        yield (
            f"  critical_moves_per_wave_max: {limits.critical_moves_per_wave_max}"
            "  # of criticality 5"
        )
        yield f"  pilot_criticality_max: {limits.pilot_criticality_max}"
        if not limits.forbidden_waves:
            yield "  forbidden_waves: {}  # subsystem: [waves it must not be in]"
            return
        yield "  forbidden_waves:"
        for subsystem, waves in sorted(limits.forbidden_waves.items()):
            yield f"    {_text(subsystem)}: {_list(waves)}{self.remark(subsystem)}"

    def waves(self, plan: Plan) -> Iterator[str]:
        """The waves in their order, one line for each move."""
        if not plan.waves:
            yield "waves: []"
            return
        yield "waves:"
        for position, wave in enumerate(plan.waves):
            if position:
                yield ""
            yield f"  - id: {_text(wave.id)}"
            yield f"    name: {_text(wave.name)}"
            yield f"    pilot: {_flag(wave.pilot)}"
            gate = wave.gate
            yield f"    gate: {{at: {self.time(gate.at)}, deciders: {_list(gate.deciders)}}}"
            yield f"    lead: {_text(wave.lead)}"
            yield "    moves:" if wave.moves else "    moves: []"
            for move in wave.moves:
                yield f"      - {self.move(move)}{self.remark(move.subsystem)}"

    def move(self, move: PlannedMove) -> str:
        """One move as one line."""
        pinned = ", pinned: true" if move.pinned else ""
        return (
            f"{{subsystem: {_text(move.subsystem)}, recipe: {_text(move.recipe)}, "
            f"team: {_text(move.team)}, start: {self.time(move.start)}, "
            f"switch: {self.time(move.switch)}, end: {self.time(move.end)}{pinned}}}"
        )

    def stays(self, plan: Plan) -> Iterator[str]:
        """What is not moved, and why."""
        yield (
            "stays:  # not moved; every link to them is a bridge for good"
            if plan.stays
            else "stays: []"
        )
        for stay in plan.stays:
            day = f'"{stay.review_date.isoformat()}"' if stay.review_date else "null"
            yield (
                f"  - {{subsystem: {_text(stay.subsystem)}, reason: {_text(stay.reason)}, "
                f"review_date: {day}}}{self.remark(stay.subsystem)}"
            )

    def policy(self, policy: Policy) -> Iterator[str]:
        """What the engine does by itself."""
        yield "policy:  # what is left out here takes the program's default"
        yield "  on:  # hold_then_unwind unwinds after the veto time unless somebody says no"
        for trouble in Trouble:
            reaction = policy.on[trouble]
            yield (
                f"    {trouble.value}: {{act: {reaction.act.value}, "
                f"veto: {format_minutes(reaction.veto_minutes)}, "
                f"after: {format_minutes(reaction.after_minutes)}, "
                f"retries: {reaction.retries}, scope: {_text(reaction.scope)}}}"
            )
        yield (
            f"  limits: {{soak: {format_minutes(policy.soak_minutes)}, "
            f"drain: {format_minutes(policy.drain_minutes_max)}, "
            f"step: {format_minutes(policy.step_minutes_max)}}}"
        )
        yield (
            f"  gates: {{default: {_text(policy.gate_default)}, "
            f"deadline: {format_minutes(policy.gate_deadline_minutes)}}}"
            "  # what an unanswered gate becomes, and when; never go"
        )
        yield f"  after_unwind: {_text(policy.after_unwind)}  # continue or hold"
        yield f"  next_wave_when: {_text(policy.next_wave_when)}  # verified or accepted"
        yield (
            f"  ahead_of_gate: {_list(kind.value for kind in policy.ahead_of_gate)}"
            "  # steps that may run before the wave's gate is passed"
        )
        yield f"  waves_per_attempt_max: {policy.waves_per_attempt_max}  # attempts of one wave"
        yield f"  approval_lapses_when: {_list(policy.approval_lapses_when)}  # when one changes"
        yield "  # How sure one wants to be; quantile: that all is back inside the window."
        rules = policy.forecast
        yield (
            f"  forecast: {{fits_min: {_number(rules.fits_min)}, "
            f"forward_first_min: {_number(rules.forward_first_min)}, hold: {_flag(rules.hold)}, "
            f"binding: {_flag(rules.binding)}, decision: {format_minutes(rules.decision_minutes)}, "
            f"quantile: {_number(rules.quantile)}, weekends: {rules.weekends}}}"
        )
        if policy.verifying != Verifying():  # a file that says nothing of it stays as it was
            yield _verifying(policy.verifying)
        if policy.disturbances != DisturbanceLimits():  # the same
            yield _disturbances(policy.disturbances)

    def recipes(self, plan: Plan) -> Iterator[str]:
        """The steps per kind; their order keeps both sides from being live at once."""
        if not plan.recipes:
            yield "recipes: {}"
            return
        yield "recipes:  # share: of the subsystem's move or unwind; undo: what takes a step back"
        for name, recipe in sorted(plan.recipes.items()):
            assert name == recipe.name, "a recipe is filed under its name"
            yield f"  {_text(name)}:"
            yield from _steps("steps", recipe.steps, self.time)
            yield "    unwind:" if recipe.unwind else "    unwind: []"
            for undo in recipe.unwind:
                yield from _act(undo, self.time)
            yield from _steps("commit", recipe.commit, self.time)

    def assumed(self, plan: Plan) -> Iterator[str]:
        """What nobody of the estate gave."""
        yield (
            "assumed:  # nobody gave these figures; they come from assumptions"
            if plan.assumed
            else "assumed: []"
        )
        for line in plan.assumed:
            yield f"  - {_text(line)}"


def _verifying(rules: Verifying) -> str:
    return (
        f"  verifying: {{reopen: {_text(rules.reopen)}, "
        f"withdraw: {format_minutes(rules.withdraw_minutes)}, "
        f"remind: {format_minutes(rules.remind_minutes)}, presence: {_text(rules.presence)}, "
        f"absent: {format_minutes(rules.absent_minutes)}, pictures: {_flag(rules.pictures)}}}"
    )


def _disturbances(limits: DisturbanceLimits) -> str:
    return (
        f"  disturbances: {{red_after: {format_minutes(limits.red_after_minutes)}, "
        f"warn_share: {_number(limits.warn_share)}, "
        f"warn_before: {format_minutes(limits.warn_minutes)}}}"
    )


def _steps(
    key: str, steps: tuple[RecipeStep, ...], moment: Callable[[datetime], str]
) -> Iterator[str]:
    yield f"    {key}:" if steps else f"    {key}: []"
    for step in steps:
        undo = f", undo: {_list(step.undo)}"
        yield from _act(step, moment, undo + (", looks: true" if step.looks else ""))


def _act(
    act: RecipeStep | RecipeUndo, moment: Callable[[datetime], str], rest: str = ""
) -> Iterator[str]:
    """An act of a recipe: one line where the platform performs it, else one for each key."""
    name = f", name: {_text(act.name)}" if act.name else ""
    limit = "" if act.limit_minutes is None else f", limit: {format_minutes(act.limit_minutes)}"
    words = f"kind: {act.kind.value}{name}, share: {_number(act.share)}{rest}{limit}"
    if act.means is None:
        yield f"      - {{{words}}}"
        return
    first, *others = _split(words)
    yield f"      - {first}"
    for line in (*others, *means_lines(act.means, moment)):
        yield f"        {line}"


def _split(words: str) -> list[str]:
    """The parts of a flow mapping, leaving the list of undos whole."""
    return re.split(r", (?![^\[]*\])", words)


def _text(value: str | None) -> str:
    """A text as YAML: bare where every reader takes it for text, else in quotes."""
    if value is None:
        return "null"
    if _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXT:
        return value
    return quoted(value)


def quoted(value: str) -> str:
    """A text in double quotes, as YAML and JSON both read it."""
    return flow_text(value)


def _list(values: Iterable[str]) -> str:
    return "[" + ", ".join(_text(value) for value in values) + "]"


def _flag(value: bool) -> str:  # noqa: FBT001 - it turns a flag into its word
    return "true" if value else "false"


def _number(value: float) -> str:
    """The shortest text that reads back as the same number."""
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
