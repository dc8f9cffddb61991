"""Who stands where and what is asked of whom, as the small tables that links are joined with.

Called by `planning.py`. Thousands of components, addresses and rules: counted in Python, one row
each. No links here, no files, no clock.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from migrator.ids import ComponentId, SubsystemId
from migrator.probes.agent.wire import Plain
from migrator.probes.columns import NOWHERE, OUTSIDE, SAME, Table
from migrator.probes.model import (
    NEW,
    OLD,
    SIDES,
    Address,
    CheckRule,
    Declared,
    Here,
    Match,
    NoLook,
    OverSsh,
    Purpose,
    SideWord,
    VantagePoint,
)
from migrator.probes.networks import counted_in, is_allowed

_Row: TypeAlias = tuple[object, ...]

NONE: Final = "none"
COMMAND: Final = "command"
PORTLESS: Final = frozenset({COMMAND})
"""Kinds that ask for no port: what they look at is theirs to know."""

BY_PROTOCOL: Final[dict[str, str]] = {
    **dict.fromkeys(("https", "tls", "ldaps", "amqps"), "tls"),
    **dict.fromkeys(("postgresql", "postgres"), "postgresql"),
    "redis": "redis",
    "smtp": "smtp",
    **dict.fromkeys(("ssh", "sftp", "scp"), "ssh_banner"),
    **dict.fromkeys(("udp", "snmp", "ntp", "tftp", "dhcp"), ""),
    "": "tcp",
}
"""What a link is asked without a rule: a handshake. The empty kind asks nothing, because silence
would be taken for an answer; the empty protocol stands for all others. HTTP is not asked for a
page, because nobody knows which one is there for a stranger."""

_ARGS: Final = {"tcp": '{"stays_ms":100}', "tls": '{"verify":false}'}
"""Without a rule: a port must not hang up at once, as a balancer without anybody behind it does;
nobody has said which authority signs the estate's certificates."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Every component, by its number: whose it is, where it stands, who speaks for it."""

    declared: Declared
    owners: dict[ComponentId, SubsystemId]  # in the order of the numbers
    numbers: dict[ComponentId, int]
    subsystems: dict[SubsystemId, int]
    members: frozenset[SubsystemId]
    sides: dict[SubsystemId, str]  # old, new or none; as they are looked at
    ahead: bool

    @classmethod
    def of(
        cls,
        declared: Declared,
        owners: Mapping[ComponentId, SubsystemId],
        sides: Mapping[SubsystemId, str],
        members: tuple[SubsystemId, ...],
        purpose: Purpose,
    ) -> Standing:
        """Where everybody stands for a purpose: ahead of a switch, as if it had been."""
        ordered = dict(sorted(owners.items()))
        names = sorted({*ordered.values()})
        ahead = purpose is Purpose.AHEAD
        stand: dict[SubsystemId, str] = {}
        for name in names:
            told = NEW if ahead and name in members else sides.get(name, OLD)
            stand[name] = told if told in SIDES else NONE
        return cls(
            declared=declared,
            owners=ordered,
            numbers={name: number for number, name in enumerate(ordered)},
            subsystems={name: number for number, name in enumerate(names)},
            members=frozenset(members),
            sides=stand,
            ahead=ahead,
        )


class _Speakers:
    """Which vantage point speaks for a component: the first rule that matches, by its number."""

    def __init__(self, declared: Declared) -> None:
        self.stands = declared.stands
        self.vantages = {each.id: number for number, each in enumerate(declared.vantages)}
        self.by_component: dict[ComponentId, int] = {}
        self.by_subsystem: dict[SubsystemId, int] = {}
        self.all = len(declared.stands)
        for number, stand in enumerate(declared.stands):
            if stand.component is not None:
                self.by_component.setdefault(stand.component, number)
            elif stand.subsystem is not None:
                self.by_subsystem.setdefault(stand.subsystem, number)
            else:
                self.all = min(self.all, number)

    def vantage(self, component: ComponentId, owner: SubsystemId, side: str) -> int:
        """The vantage point's number, or NOWHERE."""
        number = min(
            self.by_component.get(component, self.all),
            self.by_subsystem.get(owner, self.all),
            self.all,
        )
        if number == len(self.stands) or side == NONE:
            return NOWHERE
        stand = self.stands[number]
        return self.vantages.get(stand.old if side == OLD else stand.new, NOWHERE)


class _Places:
    """The addresses, each once, with the network that its cap is counted in."""

    def __init__(self, declared: Declared) -> None:
        self.allowed = [ipaddress.ip_network(text) for text in declared.allow]
        self.numbers: dict[Address, int] = {}
        self.networks: list[str] = []

    def number(self, address: Address | None) -> int:
        """The address's number; NOWHERE or OUTSIDE where it is none to look at."""
        if address is None:
            return NOWHERE
        known = self.numbers.get(address)
        if known is None:
            known, network = self._judged(address.host)
            if known != OUTSIDE:
                known = len(self.networks)
                self.networks.append(network)
            self.numbers[address] = known
        return known

    def _judged(self, host: str) -> tuple[int, str]:
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            # A name is judged by the agent once it is resolved; until then it is its own network.
            return 0, host
        place = 0 if is_allowed(address, self.allowed) else OUTSIDE
        return place, counted_in(address)


def standing_tables(standing: Standing, seed: int) -> dict[str, Table]:
    """`components`, `speakers`, `vantages` and `places`."""
    speakers, places = _Speakers(standing.declared), _Places(standing.declared)
    spoken: dict[tuple[int, str], int] = {}
    rows: list[_Row] = []
    for name, owner in standing.owners.items():
        side = standing.sides[owner]
        speaker = speakers.vantage(name, owner, side), side
        member = owner in standing.members
        from_old, from_new = _reached(standing, places, name, side, switched=member)
        rows.append(
            (
                name,
                standing.numbers[name],
                standing.subsystems[owner],
                owner,
                member,
                side,
                spoken.setdefault(speaker, len(spoken)),
                from_old,
                from_new,
                _drawn(seed, "from", name),
                _drawn(seed, "to", name),
            )
        )
    components = _table(
        rows,
        component="VARCHAR",
        n="INTEGER",
        owner="INTEGER",
        subsystem="VARCHAR",
        member="BOOLEAN",
        side="VARCHAR",
        speaker="INTEGER",
        from_old="INTEGER",
        from_new="INTEGER",
        drawn="UBIGINT",
        drawn_as_target="UBIGINT",
    )
    return {
        "components": components,
        "speakers": _table(
            [(number, vantage, side) for (vantage, side), number in spoken.items()],
            speaker="INTEGER",
            vantage="INTEGER",
            side="VARCHAR",
        ),
        "vantages": _table(
            [
                (number, each.id, _origin(each))
                for number, each in enumerate(standing.declared.vantages)
            ],
            vantage="INTEGER",
            id="VARCHAR",
            origin="VARCHAR",
        ),
        "places": _table(
            [
                (number, each.host, each.port, json.dumps(each.host), places.networks[number])
                for each, number in places.numbers.items()
                if number != OUTSIDE
            ],
            place="INTEGER",
            host="VARCHAR",
            port="INTEGER",
            host_json="VARCHAR",
            network="VARCHAR",
        ),
    }


def check_tables(declared: Declared, standing: Standing) -> dict[str, Table]:
    """`rules` (what links they fit), `by_protocol` and `checks` (what an agent is told)."""
    rules: list[_Row] = []
    checks: list[_Row] = []
    for number, rule in enumerate(declared.checks):
        fits = _fits(rule.match, standing)
        if fits is not None:
            rules.append((number, *fits[1:3], *fits[5:]))
        checks.append((number, number, *_told(rule, declared)))
    defaults: dict[str, int] = {}
    for kind in BY_PROTOCOL.values():
        if kind not in defaults:
            by_default = CheckRule(Match(), kind, args=_ARGS.get(kind, "{}"))
            defaults[kind] = len(checks)
            checks.append((len(checks), None, *_told(by_default, declared)))
    by_protocol: list[_Row] = [(protocol, defaults[kind]) for protocol, kind in BY_PROTOCOL.items()]
    return {
        "rules": _table(
            rules,
            number="INTEGER",
            t="INTEGER",
            t_owner="INTEGER",
            protocol="VARCHAR",
            port="INTEGER",
        ),
        "by_protocol": _table(by_protocol, protocol="VARCHAR", chosen="INTEGER"),
        "checks": _table(
            checks,
            chosen="INTEGER",
            rule="INTEGER",
            kind="VARCHAR",
            needs_port="BOOLEAN",
            marked="BOOLEAN",
            digest="VARCHAR",
            tail="VARCHAR",
        ),
    }


def excuse_table(
    declared: Declared, standing: Standing, today: date
) -> tuple[Table, tuple[str, ...]]:
    """`excuses`, the untestable before the waived, and what is said of waivers that ended."""
    rows: list[_Row] = []
    warnings = []
    for number, each in enumerate(declared.untestable):
        fits = _fits(each.match, standing)
        if fits is not None:
            rows.append((len(rows), number, NoLook.UNTESTABLE.value, *fits))
    for number, waiver in enumerate(declared.waived):
        if waiver.until < today:
            warnings.append(
                f"waived[{number}] of {waiver.who} ended on {waiver.until}; its links are looked at"
            )
            continue
        fits = _fits(waiver.match, standing)
        if fits is not None:
            rows.append((len(rows), number, NoLook.WAIVED.value, *fits))
    table = _table(
        rows,
        number="INTEGER",
        rule="INTEGER",
        reason="VARCHAR",
        link="VARCHAR",
        t="INTEGER",
        t_owner="INTEGER",
        s="INTEGER",
        s_owner="INTEGER",
        protocol="VARCHAR",
        port="INTEGER",
    )
    return table, tuple(warnings)


_Fits = tuple[
    str | None, int | None, int | None, int | None, int | None, str | None, int | None
]  # link, target, its subsystem, source, its subsystem, protocol, port


def _fits(match: Match, standing: Standing) -> _Fits | None:
    """A match in numbers; None where it names what the estate does not have."""
    components = [match.component, match.source]
    subsystems = [match.subsystem, match.source_subsystem]
    if any(each is not None and each not in standing.numbers for each in components):
        return None
    if any(each is not None and each not in standing.subsystems for each in subsystems):
        return None
    target, source = (None if each is None else standing.numbers[each] for each in components)
    t_owner, s_owner = (None if each is None else standing.subsystems[each] for each in subsystems)
    return match.link, target, t_owner, source, s_owner, match.protocol, match.port


def _reached(
    standing: Standing, places: _Places, name: ComponentId, side: str, *, switched: bool
) -> tuple[int, int]:
    """Where a component answers callers on the old side and on the new one."""
    answers = standing.declared.addresses.get(name)
    if answers is None or side == NONE:
        return NOWHERE, NOWHERE
    found = []
    for caller in SIDES:
        at: SideWord = NEW if side == NEW else OLD
        address = answers.at(at, caller)
        # Before the switch one address for both sides still leads to the old one.
        front = standing.ahead and switched and address is not None
        same = front and address == answers.at(OLD, caller)
        found.append(SAME if same else places.number(address))
    return found[0], found[1]


def _told(rule: CheckRule, declared: Declared) -> tuple[str, bool, bool, str, str]:
    """Kind, whether it needs a port, whether it has marks, its digest, and its end of a line."""
    patience = declared.patience
    told: dict[str, Plain] = {
        "kind": rule.kind,
        "seconds": patience.seconds if rule.seconds is None else rule.seconds,
        "need": patience.need if rule.need is None else rule.need,
        "of": patience.of if rule.of is None else rule.of,
    }
    if rule.tls is not None:
        told["tls"] = rule.tls
    texts = {"server_name": rule.server_name, "old": rule.old, "new": rule.new}
    told |= {key: text for key, text in texts.items() if text}
    args: dict[str, Plain] = json.loads(rule.args)
    if rule.kind == COMMAND and declared.commands:
        args["allow_command"] = True
    if args:
        told["args"] = args
    written = json.dumps(told, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(written.encode()).hexdigest()
    marked = bool(rule.old or rule.new)
    return rule.kind, rule.kind not in PORTLESS, marked, digest, f",{written[1:]}"


def _origin(point: VantagePoint) -> str:
    """What makes a vantage point the same place; another image is not another place."""
    if isinstance(point, Here):
        return f"here {point.id}"
    if isinstance(point, OverSsh):
        return f"ssh {point.id} {point.host}"
    return f"pod {point.id} {point.namespace} {point.workload}"


def _drawn(seed: int, part: str, name: str) -> int:
    """A number of 64 bits that depends on the seed and the name alone."""
    digest = hashlib.blake2b(f"{seed} {part} {name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _table(rows: list[_Row], **kinds: str) -> Table:
    values = list(zip(*rows, strict=True)) if rows else [() for _ in kinds]
    return {name: (kind, values[place]) for place, (name, kind) in enumerate(kinds.items())}
