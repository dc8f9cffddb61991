"""What a probes.yaml says, row by row, against the inventory that it belongs to.

Called by `declared.py` alone, which reads the file. Every part is judged even where another is
wrong, so that a person sees everything in one go; what comes out is whole or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from migrator.errors import Fault
from migrator.ids import ComponentId, SubsystemId
from migrator.inventory.door import (
    Placed,
    did_you_mean,
    fault_at,
    faults_of,
    listed,
    one,
    rows,
    value_at,
)
from migrator.inventory.field_types import Row
from migrator.inventory.model import Inventory
from migrator.inventory.times import parse_date
from migrator.inventory.yaml_text import DataPath, Document
from migrator.probes import places, schema
from migrator.probes.agent.wire import Look
from migrator.probes.agent.wire import Plain as WirePlain
from migrator.probes.checks.arguments import SECRETS_BEGIN_WITH
from migrator.probes.checks.registry import KINDS, talk_for
from migrator.probes.facts import declared_facts
from migrator.probes.model import (
    Answers,
    Caps,
    CheckRule,
    Declared,
    Here,
    InPod,
    Match,
    OverSsh,
    Patience,
    Stand,
    Untestable,
    VantagePoint,
    Waiver,
)
from migrator.probes.networks import Network

_NEEDED: Final[dict[str, tuple[str, ...]]] = {
    "here": (),
    "ssh": ("host",),
    "pod": ("namespace", "workload"),
}
_MAY: Final[dict[str, tuple[str, ...]]] = {
    "here": (),
    "ssh": ("host", "python"),
    "pod": ("namespace", "workload", "image", "python"),
}
_WITHOUT_ALLOW: Final = (
    "the key 'allow' is missing: name the networks that may be touched, such as [10.0.0.0/8]; "
    "without them nothing is ever probed"
)
_EMPTY_ALLOW: Final = (
    "no network is allowed, so nothing could be probed; name those that may be touched, such as "
    "[10.0.0.0/8]"
)


class Examiner:
    """One document against one inventory; each method judges one part and notes its faults."""

    def __init__(self, document: Document, inventory: Inventory, today: date) -> None:
        self.document = document
        self.today = today
        self.owners: dict[ComponentId, SubsystemId] = {
            component.id: subsystem.id
            for subsystem in inventory.subsystems
            for component in subsystem.components
        }
        self.subsystems = {subsystem.id for subsystem in inventory.subsystems}
        self.faults: list[Fault] = []
        self.warnings: list[Fault] = []
        patience = one(document, schema.PatienceRow, ("patience",))
        self.patience = Patience(**patience.row.model_dump()) if patience else Patience()

    def declared(self) -> Declared | None:
        """Judge everything; None where anything is wrong."""
        self.faults += [self._mended(fault) for fault in self._faults_of_the_model()]
        head = one(self.document, schema.ProbesFile)
        everything = value_at(self.document, ("allow_everything",)) is True
        networks, wrong = places.read_networks(self.document, everything=everything)
        self.faults += wrong
        vantages = self._vantages()
        stands = self._stands()
        addresses = self._addresses(None if wrong or not networks else networks)
        checks = self._checks()
        untestable = self._untestable()
        waived = self._waived()
        self._note_idle(vantages, stands)
        if self.faults:
            return None
        assert head is not None, "a file without faults is whole"
        declared = Declared(
            allow=tuple(str(network) for network in networks),
            caps=Caps(**head.row.caps.model_dump()),
            patience=self.patience,
            vantages=tuple(vantages),
            stands=tuple(stands),
            addresses=addresses,
            checks=tuple(checks),
            untestable=tuple(untestable),
            waived=tuple(waived),
            sample=head.row.sample,
        )
        return _sealed(declared)

    def _faults_of_the_model(self) -> list[Fault]:
        faults = faults_of(self.document, schema.ProbesFile)
        return [*faults, *self._need_of(("patience",), Patience())]

    def _mended(self, fault: Fault) -> Fault:
        """The words for the list that this file may not be without."""
        if fault.path == "allow" and "is missing" in fault.message:
            return replace(fault, message=_WITHOUT_ALLOW)
        if fault.path == "allow" and "at least 1" in fault.message:
            return replace(fault, message=_EMPTY_ALLOW)
        return fault

    def _need_of(self, path: DataPath, default: Patience) -> Iterator[Fault]:
        row = value_at(self.document, path)
        if not isinstance(row, dict):
            return
        need, of = row.get("need", default.need), row.get("of", default.of)
        if isinstance(need, int) and isinstance(of, int) and need > of:
            message = f"{need} of {of} tries can never be ok; `of` is all tries, `need` those ok"
            yield fault_at(self.document, (*path, "need"), message)

    def _fault(self, path: DataPath, message: str) -> None:
        self.faults.append(fault_at(self.document, path, message))

    def _vantages(self) -> list[VantagePoint]:
        points: list[VantagePoint] = []
        seen: set[str] = set()
        for placed in rows(self.document, schema.VantageRow, "vantages"):
            row = placed.row
            if row.id in seen:
                self.faults.append(placed.fault(f"the vantage point '{row.id}' stands twice", "id"))
            seen.add(row.id)
            for key in ("host", "namespace", "workload", "image", "python"):
                if getattr(row, key) is not None and key not in _MAY[row.kind]:
                    message = f"a vantage point of the kind {row.kind} has no {key}; remove it"
                    self.faults.append(placed.fault(message, key))
                elif getattr(row, key) is None and key in _NEEDED[row.kind] and placed.whole:
                    message = f"a vantage point of the kind {row.kind} needs the key '{key}'"
                    self.faults.append(placed.fault(message))
            points.append(_vantage_point(row))
        return points

    def _stands(self) -> list[Stand]:
        # A vantage point with a fault of its own is named all the same, so its id is known.
        ids = [
            value_at(self.document, ("vantages", number, "id"))
            for number in range(len(listed(self.document, "vantages")))
        ]
        vantages = {name for name in ids if isinstance(name, str)}
        stands: list[Stand] = []
        for placed in rows(self.document, schema.StandRow, "stands"):
            row = placed.row
            self._who(placed, row.component, row.subsystem)
            if row.component is not None and row.subsystem is not None:
                message = "names a component and a subsystem; one of them says it"
                self.faults.append(placed.fault(message, "subsystem"))
            if row.old is None and row.new is None and placed.whole:
                message = "names no vantage point; write `old`, `new` or both"
                self.faults.append(placed.fault(message))
            for side in ("old", "new"):
                name = getattr(row, side)
                if name is not None and name not in vantages:
                    near = did_you_mean(name, vantages)
                    message = f"there is no vantage point '{name}'{near}"
                    self.faults.append(placed.fault(message, side))
            component = None if row.component is None else ComponentId(row.component)
            subsystem = None if row.subsystem is None else SubsystemId(row.subsystem)
            stand = Stand(component, subsystem, row.old or "", row.new or "")
            self._reached(placed, stand, stands)
            stands.append(stand)
        return stands

    def _reached(self, placed: Placed[schema.StandRow], stand: Stand, before: list[Stand]) -> None:
        """A rule behind one that takes all it could match is a rule that nobody gets."""
        owner = self.owners.get(stand.component) if stand.component else None
        for number, each in enumerate(before):
            catches_all = each.component is None and each.subsystem is None
            same = each.component == stand.component and each.subsystem == stand.subsystem
            owns = each.component is None and owner is not None and each.subsystem == owner
            if catches_all or same or owns:
                message = f"is never reached: stands[{number}] matches all that it could match"
                self.faults.append(placed.fault(message))
                return

    def _addresses(self, networks: Sequence[Network] | None) -> dict[ComponentId, Answers]:
        written = value_at(self.document, ("addresses",))
        found: dict[ComponentId, Answers] = {}
        for name in written if isinstance(written, dict) else ():
            path = ("addresses", name)
            if ComponentId(name) not in self.owners:
                self._fault(path, self._no_component(name))
            answers, wrong = places.read_answers(self.document, path, networks)
            self.faults += wrong
            if answers is not None:
                found[ComponentId(name)] = answers
        return found

    def _checks(self) -> list[CheckRule]:
        rules: list[CheckRule] = []
        for placed in rows(self.document, schema.CheckRow, "checks"):
            row = placed.row
            self._matches(placed, row.match, "match")
            if row.kind not in KINDS:
                near = did_you_mean(row.kind, KINDS) or f"; there are: {', '.join(sorted(KINDS))}"
                message = f"there is no kind of check '{row.kind}'{near}"
                self.faults.append(placed.fault(message, "kind"))
            self.faults += self._need_of(placed.path, self.patience)
            old, new = row.identity.old or "", row.identity.new or ""
            if old and new and (old in new or new in old):
                message = "one mark is a part of the other, so both sides would show it"
                self.faults.append(placed.fault(message, "identity"))
            if not placed.whole:
                continue  # without its wrong parts it would match too much
            try:
                rule = _check_rule(row, old, new)
            except ValueError:
                self.faults.append(placed.fault("a number there is not finite", "args"))
                continue
            if row.kind in KINDS:
                self._arguments(placed, rule)
            same = [n for n, each in enumerate(rules) if each.match in {rule.match, Match()}]
            if same:
                message = f"is never reached: checks[{same[0]}] matches all that it could match"
                self.faults.append(placed.fault(message))
            rules.append(rule)
        return rules

    def _arguments(self, placed: Placed[schema.CheckRow], rule: CheckRule) -> None:
        """Let the kind itself say what is wrong with its arguments."""
        # What names a variable of the vantage point can only be judged where that is set.
        if SECRETS_BEGIN_WITH in rule.args:
            return
        args: dict[str, WirePlain] = json.loads(rule.args)
        if "allow_command" in args:
            message = "a file cannot allow programs: whoever looks does, by --allow-commands"
            self.faults.append(placed.fault(message, "args"))
        if rule.kind == "command":
            args["allow_command"] = True
        look = Look(id="check", kind=rule.kind, host="host.example", port=1, args=args)
        look.update({key: text for key, text in (("old", rule.old), ("new", rule.new)) if text})  # type: ignore[typeddict-item]  # two keys of Look
        try:
            talk_for(look)
        except ValueError as error:
            self.faults.append(placed.fault(str(error), "args"))

    def _untestable(self) -> list[Untestable]:
        found: list[Untestable] = []
        for placed in rows(self.document, schema.UntestableRow, "untestable"):
            row = placed.row
            match = self._links(placed, row.match, row.link)
            found.append(Untestable(match, row.reason, row.owner, row.watch))
        return found

    def _waived(self) -> list[Waiver]:
        found: list[Waiver] = []
        for placed in rows(self.document, schema.WaivedRow, "waived"):
            row = placed.row
            match = self._links(placed, row.match, row.link)
            until = parse_date(row.until)
            if until < self.today:
                message = (
                    f"the waiver of {row.who} ended on {until} and counts no more; "
                    "its links are looked at again"
                )
                self.warnings.append(placed.fault(message, "until"))
            found.append(Waiver(match, row.who, row.why, until))
        return found

    def _links(
        self,
        placed: Placed[schema.UntestableRow] | Placed[schema.WaivedRow],
        match: schema.LinkMatchRow | None,
        link: str | None,
    ) -> Match:
        """Which links a rule is for: a match or one link, and never all of the estate."""
        if match is not None:
            self._matches(placed, match, "match")
            self._who(placed, match.source, match.source_subsystem, ("match",), "source")
        found = Match() if match is None else _match(match)
        if (match is None) == (link is None):
            if placed.whole:
                message = "wants either `match` or `link`, to say which links are meant"
                self.faults.append(placed.fault(message))
        elif match is not None and found == Match():
            message = "an empty match would take every link of the estate; say which are meant"
            self.faults.append(placed.fault(message, "match"))
        return replace(found, link=link)

    def _matches(self, placed: Placed[Row], match: schema.CheckMatchRow, key: str) -> None:
        self._who(placed, match.component, match.subsystem, (key,))

    def _who(
        self,
        placed: Placed[Row],
        component: str | None,
        subsystem: str | None,
        inside: tuple[str, ...] = (),
        word: str = "component",
    ) -> None:
        """A component and a subsystem that a rule names must exist, and belong together."""
        owner_word = "subsystem" if word == "component" else f"{word}_subsystem"
        known = component is not None and ComponentId(component) in self.owners
        if component is not None and not known:
            self.faults.append(placed.fault(self._no_component(component), *inside, word))
        if subsystem is not None and subsystem not in self.subsystems:
            near = did_you_mean(subsystem, self.subsystems)
            message = f"there is no subsystem '{subsystem}'{near}"
            self.faults.append(placed.fault(message, *inside, owner_word))
        elif known and subsystem is not None and inside:
            owner = self.owners[ComponentId(component or "")]
            if owner != subsystem:
                message = f"matches nothing: '{component}' belongs to '{owner}'"
                self.faults.append(placed.fault(message, *inside, owner_word))

    def _no_component(self, name: str) -> str:
        near = did_you_mean(name, self.owners)
        if not near and name in self.subsystems:
            near = "; it is a subsystem, and addresses and rules for one component name that"
        return f"there is no component '{name}'{near}"

    def _note_idle(self, vantages: list[VantagePoint], stands: list[Stand]) -> None:
        """A vantage point that speaks for nobody is told, and does no harm."""
        used = {name for stand in stands for name in (stand.old, stand.new)}
        for number, point in enumerate(vantages):
            if point.id not in used and stands:
                message = f"the vantage point '{point.id}' speaks for nobody under `stands`"
                path = ("vantages", number)
                self.warnings.append(fault_at(self.document, path, message))


def _vantage_point(row: schema.VantageRow) -> VantagePoint:
    python = row.python or "python3"
    if row.kind == "here":
        return Here(row.id)
    if row.kind == "ssh":
        return OverSsh(row.id, row.host or "", python)
    return InPod(row.id, row.namespace or "", row.workload or "", row.image or "", python)


def _match(row: schema.CheckMatchRow) -> Match:
    said = row.model_dump()
    return Match(**said)


def _check_rule(row: schema.CheckRow, old: str, new: str) -> CheckRule:
    return CheckRule(
        match=_match(row.match),
        kind=row.kind,
        tls=row.tls,
        args=_text_of(row.args),
        old=old,
        new=new,
        server_name=row.server_name or "",
        seconds=row.seconds,
        need=row.need,
        of=row.of,
    )


def _text_of(args: dict[str, object]) -> str:
    """Arguments as canonical text. Raises ValueError where a number is not finite."""
    return json.dumps(
        args, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def _sealed(declared: Declared) -> Declared:
    """With the digest of its content, which does not know in which order keys stood."""
    facts = json.dumps(declared_facts(declared), sort_keys=True, ensure_ascii=False)
    return replace(declared, digest=hashlib.sha256(facts.encode()).hexdigest())
