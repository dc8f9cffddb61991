"""The model as plain JSON data and back: what crosses to a child process and what sweep.json keeps.

Called by `child.py`, by whoever asks it, and by everybody who reads a sweep's folder. Only what
this program wrote itself is read here; a sweep's file that is gone or cut is refused by name.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

from migrator.errors import EnvironmentFailed, Fault
from migrator.ids import ComponentId, SubsystemId
from migrator.probes.model import (
    SWEEP_FILE,
    VERSION,
    Address,
    Answers,
    Caps,
    CheckRule,
    Declared,
    Here,
    InPod,
    Match,
    OverSsh,
    Patience,
    Purpose,
    Stand,
    SweepPlan,
    Untestable,
    VantagePlan,
    VantagePoint,
    Waiver,
)


class CapsFacts(TypedDict):
    """`Caps`."""

    in_flight: int
    per_second: float
    target_at_once: int
    target_per_second: float
    network_per_second: float


class VantagePlanFacts(TypedDict):
    """`VantagePlan`."""

    id: str
    looks: int
    caps: CapsFacts
    seconds: float


class SweepFacts(TypedDict):
    """sweep.json."""

    version: int
    id: str
    purpose: str
    scope: str
    members: list[SubsystemId]
    seed: int
    links: int
    touched: int
    looks: int
    reasons: dict[str, int]
    vantages: list[VantagePlanFacts]
    seconds: float
    since: str
    declared_digest: str
    links_digest: str
    sides: dict[SubsystemId, str]
    warnings: list[str]


class PatienceFacts(TypedDict):
    """`Patience`."""

    need: int
    of: int
    seconds: float


class VantagePointFacts(TypedDict):
    """A vantage point of any kind."""

    kind: Literal["here", "ssh", "pod"]
    id: str
    host: NotRequired[str]
    namespace: NotRequired[str]
    workload: NotRequired[str]
    image: NotRequired[str]
    python: NotRequired[str]


class StandFacts(TypedDict):
    """`Stand`."""

    component: ComponentId | None
    subsystem: SubsystemId | None
    old: str
    new: str


class MatchFacts(TypedDict):
    """`Match`."""

    protocol: str | None
    component: ComponentId | None
    subsystem: SubsystemId | None
    port: int | None
    source: ComponentId | None
    source_subsystem: SubsystemId | None
    link: str | None


class CheckFacts(TypedDict):
    """`CheckRule`, its match apart."""

    kind: str
    tls: bool | None
    args: str
    old: str
    new: str
    server_name: str
    seconds: float | None
    need: int | None
    of: int | None


class UntestableFacts(TypedDict):
    """`Untestable`, its match apart."""

    reason: str
    owner: str
    watch: str


class WaiverFacts(TypedDict):
    """`Waiver`, its match apart."""

    who: str
    why: str
    until: str


AddressFacts = tuple[str, int | None]


class DeclaredFacts(TypedDict):
    """`Declared`. Four addresses a component: old from old and new, new from old and new."""

    allow: list[str]
    caps: CapsFacts
    patience: PatienceFacts
    vantages: list[VantagePointFacts]
    stands: list[StandFacts]
    addresses: dict[ComponentId, list[AddressFacts | None]]
    checks: list[tuple[MatchFacts, CheckFacts]]
    untestable: list[tuple[MatchFacts, UntestableFacts]]
    waived: list[tuple[MatchFacts, WaiverFacts]]
    sample: float
    digest: str
    commands: NotRequired[bool]  # set by whoever looks


def sweep_facts(plan: SweepPlan) -> SweepFacts:
    """A plan as plain data; where its folder lies is left out."""
    return {
        "version": VERSION,
        "id": plan.id,
        "purpose": plan.purpose.value,
        "scope": plan.scope,
        "members": list(plan.members),
        "seed": plan.seed,
        "links": plan.links,
        "touched": plan.touched,
        "looks": plan.looks,
        "reasons": dict(sorted(plan.reasons.items())),
        "vantages": [
            {
                "id": each.id,
                "looks": each.looks,
                "caps": caps_facts(each.caps),
                "seconds": each.seconds,
            }
            for each in plan.vantages
        ],
        "seconds": plan.seconds,
        "since": plan.since,
        "declared_digest": plan.declared_digest,
        "links_digest": plan.links_digest,
        "sides": dict(sorted(plan.sides.items())),
        "warnings": list(plan.warnings),
    }


def sweep_from(facts: SweepFacts, folder: Path) -> SweepPlan:
    """The plan that the facts are of, whose files lie in `folder`."""
    return SweepPlan(
        id=facts["id"],
        folder=folder,
        purpose=Purpose(facts["purpose"]),
        scope=facts["scope"],
        members=tuple(facts["members"]),
        seed=facts["seed"],
        links=facts["links"],
        touched=facts["touched"],
        looks=facts["looks"],
        reasons=facts["reasons"],
        vantages=tuple(
            VantagePlan(each["id"], each["looks"], Caps(**each["caps"]), each["seconds"])
            for each in facts["vantages"]
        ),
        seconds=facts["seconds"],
        since=facts["since"],
        declared_digest=facts["declared_digest"],
        links_digest=facts["links_digest"],
        sides=facts["sides"],
        warnings=tuple(facts["warnings"]),
    )


def read_sweep(folder: Path) -> SweepPlan:
    """The sweep in a folder. EnvironmentFailed where there is none, or another version's."""
    file = folder / SWEEP_FILE
    try:
        facts: SweepFacts = json.loads(file.read_bytes())
        if facts["version"] != VERSION:
            raise _no_sweep(file, f"is of version {facts['version']}, this program reads {VERSION}")
        return sweep_from(facts, folder)
    except OSError as error:
        raise _no_sweep(file, f"cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise _no_sweep(file, "is not whole") from error


def _no_sweep(file: Path, why: str) -> EnvironmentFailed:
    return EnvironmentFailed(
        "sweep-missing",
        f"{file.parent} holds no sweep: {file.name} {why}",
        hint="name the folder of a sweep (it holds sweep.json), or plan it again",
        faults=(Fault(str(file), None, "", why),),
    )


def declared_facts(declared: Declared) -> DeclaredFacts:
    """What an inventory declares, as plain data."""
    patience = declared.patience
    return {
        "allow": list(declared.allow),
        "caps": caps_facts(declared.caps),
        "patience": {"need": patience.need, "of": patience.of, "seconds": patience.seconds},
        "vantages": [_vantage_facts(each) for each in declared.vantages],
        "stands": [
            {"component": e.component, "subsystem": e.subsystem, "old": e.old, "new": e.new}
            for e in declared.stands
        ],
        "addresses": {name: _answers_facts(each) for name, each in declared.addresses.items()},
        "checks": [(_match_facts(each.match), _check_facts(each)) for each in declared.checks],
        "untestable": [
            (_match_facts(e.match), {"reason": e.reason, "owner": e.owner, "watch": e.watch})
            for e in declared.untestable
        ],
        "waived": [
            (_match_facts(e.match), {"who": e.who, "why": e.why, "until": e.until.isoformat()})
            for e in declared.waived
        ],
        "sample": declared.sample,
        "digest": declared.digest,
        "commands": declared.commands,
    }


def declared_from(facts: DeclaredFacts) -> Declared:
    """What the facts declare."""
    return Declared(
        allow=tuple(facts["allow"]),
        caps=Caps(**facts["caps"]),
        patience=Patience(**facts["patience"]),
        vantages=tuple(_vantage(each) for each in facts["vantages"]),
        stands=tuple(Stand(**each) for each in facts["stands"]),
        addresses={name: _answers(each) for name, each in facts["addresses"].items()},
        checks=tuple(CheckRule(Match(**match), **rule) for match, rule in facts["checks"]),
        untestable=tuple(Untestable(Match(**match), **rule) for match, rule in facts["untestable"]),
        waived=tuple(
            Waiver(Match(**match), rule["who"], rule["why"], date.fromisoformat(rule["until"]))
            for match, rule in facts["waived"]
        ),
        sample=facts["sample"],
        digest=facts["digest"],
        commands=facts.get("commands", False),
    )


def caps_facts(caps: Caps) -> CapsFacts:
    """Caps as plain data."""
    return {
        "in_flight": caps.in_flight,
        "per_second": caps.per_second,
        "target_at_once": caps.target_at_once,
        "target_per_second": caps.target_per_second,
        "network_per_second": caps.network_per_second,
    }


def _vantage_facts(point: VantagePoint) -> VantagePointFacts:
    if isinstance(point, Here):
        return {"kind": "here", "id": point.id}
    if isinstance(point, OverSsh):
        return {"kind": "ssh", "id": point.id, "host": point.host, "python": point.python}
    return {
        "kind": "pod",
        "id": point.id,
        "namespace": point.namespace,
        "workload": point.workload,
        "image": point.image,
        "python": point.python,
    }


def _vantage(facts: VantagePointFacts) -> VantagePoint:
    if facts["kind"] == "here":
        return Here(facts["id"])
    if facts["kind"] == "ssh":
        return OverSsh(facts["id"], facts["host"], facts["python"])
    return InPod(
        facts["id"], facts["namespace"], facts["workload"], facts["image"], facts["python"]
    )


def _answers_facts(answers: Answers) -> list[AddressFacts | None]:
    four = (
        answers.old_from_old,
        answers.old_from_new,
        answers.new_from_old,
        answers.new_from_new,
    )
    return [None if each is None else (each.host, each.port) for each in four]


def _answers(facts: list[AddressFacts | None]) -> Answers:
    return Answers(*(None if each is None else Address(*each) for each in facts))


def _match_facts(match: Match) -> MatchFacts:
    return {
        "protocol": match.protocol,
        "component": match.component,
        "subsystem": match.subsystem,
        "port": match.port,
        "source": match.source,
        "source_subsystem": match.source_subsystem,
        "link": match.link,
    }


def _check_facts(rule: CheckRule) -> CheckFacts:
    return {
        "kind": rule.kind,
        "tls": rule.tls,
        "args": rule.args,
        "old": rule.old,
        "new": rule.new,
        "server_name": rule.server_name,
        "seconds": rule.seconds,
        "need": rule.need,
        "of": rule.of,
    }
