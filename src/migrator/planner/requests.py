"""What people ask of a plan: pin, forbid, merge, split, limit. Words in, requests or faults out.

Called by `migrator plan` and `migrator replan` before anything is planned. Every word that cannot
be meant is a fault with the place where it was typed or written, and what contradicts itself or a
declared relation is refused here, because no search can mend it. What was typed last overrules
what stands in an earlier plan; nothing here decides where a subsystem goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from migrator.errors import Fault, InputError
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.door import did_you_mean
from migrator.inventory.model import Inventory
from migrator.plan.model import Constraints
from migrator.planner.rules import Rules
from migrator.planner.waves import wave_id, wave_number

TYPED: Final = "command line"
"""The file of a fault that no file has."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request was made: an option as typed, or a line of a plan."""

    file: str
    line: int | None
    path: str

    def fault(self, message: str) -> Fault:
        """Something that is wrong with the request made there."""
        return Fault(self.file, self.line, self.path, message)


@dataclass(frozen=True, slots=True)
class Typed:
    """The options as they were typed, each as often as it was given."""

    pins: Sequence[str] = ()  # claims=w03
    unpins: Sequence[str] = ()  # claims
    forbids: Sequence[str] = ()  # claims=w02,w03
    allows: Sequence[str] = ()  # claims=w02
    merges: Sequence[str] = ()  # w03+w04
    splits: Sequence[str] = ()  # w05 or w05:claims,ledger
    moves_per_wave_max: int | None = None
    critical_per_wave_max: int | None = None

    @property
    def any(self) -> bool:
        """Tell whether anything was asked for."""
        return self != Typed()


@dataclass(frozen=True, slots=True)
class Split:
    """A wave to be cut in two. `second`: who goes into the later half; empty: where it costs least.

    `place` is where it was asked for.
    """

    wave: WaveId
    second: tuple[SubsystemId, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Requests:
    """What people ask for, understood. Waves are named as the plan that is changed names them."""

    pins: Mapping[SubsystemId, tuple[WaveId, Place]]
    forbidden: Mapping[SubsystemId, Mapping[WaveId, Place]]
    merges: tuple[tuple[tuple[WaveId, ...], Place], ...]
    splits: tuple[Split, ...]
    moves_per_wave_max: int | None
    critical_per_wave_max: int | None

    def wave_of_pin(self) -> dict[SubsystemId, WaveId]:
        """Every pin without its place."""
        return {name: wave for name, (wave, _) in self.pins.items()}

    def tighten(self, constraints: Constraints) -> Constraints:
        """The constraints with everything that was asked of them."""
        limit, critical = self.moves_per_wave_max, self.critical_per_wave_max
        return replace(
            constraints,
            moves_per_wave_max=constraints.moves_per_wave_max if limit is None else limit,
            critical_moves_per_wave_max=constraints.critical_moves_per_wave_max
            if critical is None
            else critical,
            forbidden_waves={name: tuple(sorted(at)) for name, at in self.forbidden.items() if at},
        )


@dataclass(frozen=True, slots=True)
class Earlier:
    """The plan that is changed: its waves, and the pins and forbidden waves that stand in it.

    `waves` None: a new plan is made, with as many waves as it takes.
    """

    waves: tuple[WaveId, ...] | None
    pins: Mapping[SubsystemId, tuple[WaveId, Place]]
    forbidden: Mapping[SubsystemId, Mapping[WaveId, Place]]


def understand(
    typed: Typed, inventory: Inventory, rules: Rules, earlier: Earlier | None
) -> Requests:
    """Make requests of what was typed and of what stands in an earlier plan.

    InputError with every word that is not understood, or with every contradiction.
    """
    reader = _Reader(inventory, rules, earlier)
    moving = {subsystem.id for subsystem in inventory.moving}
    # Whoever moves no more takes pins along; that is told with the other changes of the plan.
    pins = {n: pin for n, pin in earlier.pins.items() if n in moving} if earlier else {}
    forbidden = (
        {n: dict(at) for n, at in earlier.forbidden.items() if n in moving} if earlier else {}
    )
    for text in typed.unpins:
        for name in reader.names(text, Place(TYPED, None, f"--unpin {text}")):
            pins.pop(name, None)
    for text in typed.allows:
        place = Place(TYPED, None, f"--allow {text}")
        for name, waves in reader.pairs(text, place):
            for wave in waves:
                forbidden.get(name, {}).pop(wave, None)
    said: dict[SubsystemId, tuple[WaveId, Place]] = {}
    for text in typed.pins:
        place = Place(TYPED, None, f"--pin {text}")
        for name, waves in reader.pairs(text, place):
            if len(waves) > 1:
                reader.wrong(place, f"{name} can be in one wave only")
            elif name in said and said[name][0] != waves[0]:
                reader.wrong(place, f"{name} is pinned to {said[name][0]}, too")
            said[name] = waves[0], place
    for text in typed.forbids:
        place = Place(TYPED, None, f"--forbid {text}")
        for name, waves in reader.pairs(text, place):
            forbidden.setdefault(name, {}).update(dict.fromkeys(waves, place))
    merges = [reader.merge(text) for text in typed.merges]
    splits = [reader.split(text) for text in typed.splits]
    reader.done()
    requests = Requests(
        pins={**pins, **said},
        forbidden=forbidden,
        merges=tuple(merge for merge in merges if merge),
        splits=tuple(split for split in splits if split),
        moves_per_wave_max=typed.moves_per_wave_max,
        critical_per_wave_max=typed.critical_per_wave_max,
    )
    refuse_contradictions(requests, rules, None if earlier is None else earlier.waves)
    return requests


def refuse_contradictions(requests: Requests, rules: Rules, waves: Sequence[WaveId] | None) -> None:
    """Raise InputError for requests that no plan can keep. `waves` None: w01, w02 and so on."""
    faults = [
        *_pinned_and_forbidden(requests, rules),
        *_mates_apart(requests, rules),
        *_against_the_order(requests, rules, waves),
        *_merged_and_split(requests),
    ]
    if faults:
        raise InputError(
            "contradictory-requests",
            "no plan can keep all that was asked for",
            hint="take one of each contradiction back: --unpin ID and --allow ID=WAVE take back "
            "what stands in the plan; a relation is changed in relations.yaml",
            faults=tuple(faults),
        )


class _Reader:
    """Reads words and collects what is wrong with them."""

    def __init__(self, inventory: Inventory, rules: Rules, earlier: Earlier | None) -> None:
        self.inventory = inventory
        self.rules = rules
        self.waves = None if earlier is None else earlier.waves
        self.faults: list[Fault] = []

    def wrong(self, place: Place, message: str) -> None:
        """Keep a fault."""
        self.faults.append(place.fault(message))

    def done(self) -> None:
        """Raise everything that was wrong."""
        if self.faults:
            raise InputError(
                "unclear-request",
                "some requests cannot be understood",
                hint="write --pin claims=w03, --forbid claims=w02,w03, --merge w03+w04, "
                "--split w05 or --split w05:claims,ledger, --without claims",
                faults=tuple(self.faults),
            )

    def known(self, word: str, place: Place) -> SubsystemId | None:
        """A subsystem that moves."""
        subsystem = self.inventory.by_id.get(SubsystemId(word))
        if subsystem is None:
            near = did_you_mean(word, [s.id for s in self.inventory.moving])
            self.wrong(place, f"there is no subsystem '{word}'{near}")
        elif not subsystem.moves:
            self.wrong(place, f"'{word}' does not move: its kind is {subsystem.kind.value}")
        else:
            return subsystem.id
        return None

    def names(self, text: str, place: Place) -> list[SubsystemId]:
        """Subsystems with commas between them."""
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words:
            self.wrong(place, "names no subsystem")
        return [name for word in words if (name := self.known(word, place)) is not None]

    def wave(self, word: str, place: Place) -> WaveId | None:
        """A wave of the plan that is changed; without one, a number that can be reached."""
        if self.waves is not None:
            if word in self.waves:
                return WaveId(word)
            near = did_you_mean(word, self.waves)
            self.wrong(place, f"the plan has no wave '{word}'{near}; it has {_few(self.waves)}")
            return None
        number = wave_number(WaveId(word))
        most = len(self.rules.atoms)
        if number is None or number < 0:
            self.wrong(place, f"there is no wave '{word}': the waves of a new plan are w01, w02, …")
        elif number >= most:
            what = "is 1 group" if most == 1 else f"are {most} groups"
            self.wrong(
                place,
                f"there is no wave '{word}': there {what} of subsystems that can move apart, "
                f"so the last wave there can be is {wave_id(max(0, most - 1))}",
            )
        else:
            return wave_id(number)
        return None

    def pairs(self, text: str, place: Place) -> Iterator[tuple[SubsystemId, list[WaveId]]]:
        """`claims=w03` or `claims,ledger=w02,w03`."""
        left, equals, right = text.partition("=")
        if not equals or not right.strip():
            self.wrong(place, "wants SUBSYSTEM=WAVE, such as claims=w03")
            return
        waves = [
            wave
            for word in right.split(",")
            if word.strip() and (wave := self.wave(word.strip(), place)) is not None
        ]
        for name in self.names(left, place):
            if waves:
                yield name, waves

    def merge(self, text: str) -> tuple[tuple[WaveId, ...], Place] | None:
        """`w03+w04`: the later ones go into the first."""
        place = Place(TYPED, None, f"--merge {text}")
        words = [word.strip() for word in text.replace(",", "+").split("+") if word.strip()]
        if not self._of_a_plan(place):
            return None
        waves = [wave for word in words if (wave := self.wave(word, place)) is not None]
        if len(set(words)) < 2:
            self.wrong(place, "wants two waves, such as w03+w04")
            return None
        assert self.waves is not None, "asked above"
        order = sorted(set(waves), key=self.waves.index)
        return (tuple(order), place) if len(order) > 1 else None

    def split(self, text: str) -> Split | None:
        """`w05`, or `w05:claims,ledger` for those who go into the later half."""
        place = Place(TYPED, None, f"--split {text}")
        word, colon, names = text.partition(":")
        if not self._of_a_plan(place):
            return None
        wave = self.wave(word.strip(), place)
        second = tuple(self.names(names, place)) if colon else ()
        return None if wave is None else Split(wave, second, place)

    def _of_a_plan(self, place: Place) -> bool:
        if self.waves is None:
            self.wrong(place, "names waves of a plan: say which one with --from PLAN")
        return self.waves is not None


# --- contradictions ------------------------------------------------------------------------------


def _mates(rules: Rules) -> dict[SubsystemId, tuple[SubsystemId, ...]]:
    return {name: atom for atom in rules.atoms for name in atom}


def _pinned_and_forbidden(requests: Requests, rules: Rules) -> Iterator[Fault]:
    mates = _mates(rules)
    for name, (wave, place) in requests.pins.items():
        for mate in mates.get(name, (name,)):
            at = requests.forbidden.get(mate, {}).get(wave)
            if at is None:
                continue
            who = "it" if mate == name else f"{mate}, which must move with it,"
            yield place.fault(f"{name} is pinned to {wave}, and {who} is forbidden there")
            yield at.fault(f"{mate} is forbidden in {wave}")


def _mates_apart(requests: Requests, rules: Rules) -> Iterator[Fault]:
    for atom in rules.atoms:
        pinned = [name for name in atom if name in requests.pins]
        for name in pinned[1:]:
            first = requests.pins[pinned[0]][0]
            wave, place = requests.pins[name]
            if wave != first:
                yield place.fault(
                    f"{name} is pinned to {wave}, but {pinned[0]}, with which it must move, "
                    f"to {first}"
                )


def _against_the_order(
    requests: Requests, rules: Rules, waves: Sequence[WaveId] | None
) -> Iterator[Fault]:
    """Pins that would have somebody switch before who must come first, over any chain."""
    mates = _mates(rules)
    after: dict[SubsystemId, list[SubsystemId]] = {}
    for first, second in rules.before:
        after.setdefault(first, []).append(second)
    for name, (wave, place) in requests.pins.items():
        here = _position(wave, waves)
        came: dict[SubsystemId, SubsystemId | None] = {name: None}
        queue = [name]
        for one in queue:
            for mate in mates.get(one, (one,)):
                for later in after.get(mate, ()):
                    if later not in came:
                        came[later] = one
                        queue.append(later)
        for later in queue[1:]:
            pinned = requests.pins.get(later)
            if pinned is None or _position(pinned[0], waves) >= here:
                continue
            chain = [later]
            while (before := came[chain[-1]]) is not None:
                chain.append(before)
            order = " before ".join(reversed(chain))
            yield place.fault(
                f"{name} is pinned to {wave}, which is after {pinned[0]} of {later}; "
                f"declared: {order}"
            )


def _merged_and_split(requests: Requests) -> Iterator[Fault]:
    merged = {wave for waves, _ in requests.merges for wave in waves}
    seen: set[WaveId] = set()
    for split in requests.splits:
        if split.wave in merged:
            yield split.place.fault(f"{split.wave} is to be merged and split at once")
        if split.wave in seen:
            yield split.place.fault(f"{split.wave} is to be split twice; do one after the other")
        seen.add(split.wave)


def _position(wave: WaveId, waves: Sequence[WaveId] | None) -> int:
    """A wave's place in the order; one that the plan does not have comes last."""
    if waves is not None:
        return waves.index(wave) if wave in waves else len(waves)
    return wave_number(wave) or 0


def _few(words: Iterable[str]) -> str:
    known = list(words)
    return ", ".join(known) if len(known) <= 4 else f"{known[0]} to {known[-1]}"
