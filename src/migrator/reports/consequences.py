"""What each choice about a wait leads to, and what comes of it when nobody chooses.

Called by `migrator decide` for each wait that `engine/waits.py` tells. The engine says which
choices there are; this file adds what a person wants to know before choosing: who goes back, how
long it takes, until when, and what it does to the waves after it. Pure; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from migrator.engine.bridging import load_after, told
from migrator.engine.foresight import advice
from migrator.engine.holding import VETO_MINUTES
from migrator.engine.policy import reaction
from migrator.engine.run import Run
from migrator.engine.states import WaveState
from migrator.engine.troubles import going_back
from migrator.engine.waits import Wait
from migrator.plan.bridges import Bridge
from migrator.plan.model import Act, Trouble, WaveLeg
from migrator.reports.unwinding import preview

Clock = Callable[[datetime], str]
"""How a moment is shown: as the plan's clocks show it."""

NAMED_MAX: Final = 6
_LATER: Final = frozenset({WaveState.PLANNED, WaveState.DECIDING})


def consequence(run: Run, now: datetime, wait: Wait, choice: tuple[str, str], clock: Clock) -> str:
    """What a choice (`verb line`, what the engine says of it) leads to."""
    line, said = choice
    verb = line.split()[0]
    leg = _leg(run, wait.wave)
    if leg is None:
        return said
    more: dict[str, Callable[[], str]] = {
        "go": lambda: _go(leg, run, now, clock),
        "no-go": lambda: blocked(run, leg.id),
        "postpone": lambda: _postpone(run, clock),
        "veto": lambda: _veto(run, now, leg, clock),
        "release": lambda: _release(wait),
        "retry": lambda: _retry(run, wait),
        "unwind": lambda: unwound(run, now, line.split()[2], clock),
        "tick": lambda: _tick(run, wait, line.split()[3]),
        "commit": lambda: "nothing takes it back afterwards",
    }
    added = more[verb]() if verb in more else ""
    return f"{said}; {added}" if added else said


def unanswered(run: Run, wait: Wait, clock: Clock) -> str:
    """What happens when nobody chooses, and when; empty where the wait has no end of its own."""
    if wait.until is None:
        return ""
    at = clock(wait.until)
    if wait.subject in run.disturbances:  # its wave's gate and holds have clocks of their own
        return f"unanswered at {at}: {wait.then}"
    wave = run.waves.get(wait.wave)
    holds = wave.holds if wave is not None else []
    clock_runs = any((h.subject, h.unwind_at) == (wait.subject, wait.until) for h in holds)
    if wait.subject in run.checks and not clock_runs:
        return f"unanswered at {at}: {_held_unanswered(run)}"
    if wave is not None and wave.state is WaveState.DECIDING:
        if run.itinerary.policy.gate_default != "no-go":
            return f"unanswered at {at}: it goes on waiting; it is never a go"
        lost = blocked(run, wait.wave)
        return f"unanswered at {at}: a no-go by the plan's rule" + (f"; {lost}" if lost else "")
    return "; ".join((f"unanswered at {at}: {wait.then}", *_by_itself(run, wait)))


def _by_itself(run: Run, wait: Wait) -> Iterator[str]:
    """What goes back when the clock of a held wave runs out, and what that leaves to bridges."""
    wave, leg = run.waves.get(wait.wave), _leg(run, wait.wave)
    clocks = [each for each in wave.holds if each.unwind_at is not None] if wave is not None else []
    if leg is None or not clocks:
        return
    # The clock that ends first counts, whichever of the holds is looked at.
    first = min(clocks, key=lambda each: (each.unwind_at, each.since))
    going = going_back(run, leg, first)
    if going.reasons:
        yield _back(list(going.reasons))
    if going.widened:
        yield f"all of the wave, because {going.widened}"
    found = load_after(run, going.reasons)
    yield from _bridges(found.after.calls_per_hour, found.calls_per_hour_max, found.cut)


def _back(names: list[str]) -> str:
    rest = f" and {len(names) - NAMED_MAX} more" if len(names) > NAMED_MAX else ""
    return f"back {'goes' if len(names) == 1 else 'go'} {', '.join(names[:NAMED_MAX])}{rest}"


def _bridges(
    calls_per_hour: float | None, most: float | None, cut: tuple[Bridge, ...]
) -> Iterator[str]:
    """What bridges carry then, where it is known how much they can."""
    if calls_per_hour is not None and most is not None:
        yield told(calls_per_hour, most, [str(bridge) for bridge in cut])


def check_text(run: Run, wait: Wait, language: str = "en") -> str:
    """What the handler is asked to do and to see; empty where the wait is no check."""
    leg = next((each for each in run.itinerary.checks if each.id == wait.subject), None)
    if leg is None:
        return ""
    text = leg.text.get(language) or next(iter(leg.text.values()), "")
    parts = [text.strip()] if text.strip() else []
    if leg.side_mark is not None:
        where, old, new = leg.side_mark
        parts.append(f"The new side shows {new!r}, the old one {old!r}: {where}.")
    if leg.leaves_behind:
        parts.append(f"It leaves behind: {leg.leaves_behind}")
    return "\n".join(parts)


def blocked(run: Run, wave: str) -> str:
    """The waves that cannot move when this one does not, in words; empty where there are none."""
    lost = {wave}
    for leg in run.itinerary.waves:  # predecessors stand before what needs them
        if lost.intersection(leg.hard_predecessors) and run.waves[leg.id].state in _LATER:
            lost.add(leg.id)
    rest = [leg.id for leg in run.itinerary.waves if leg.id in lost - {wave}]
    return f"then blocked: {', '.join(rest)}" if rest else ""


def unwound(run: Run, now: datetime, target: str, clock: Clock) -> str:
    """What taking it back means, in one line; `unwind --preview` tells all of it."""
    found = preview(run, now, target)
    if not found.members:
        return found.refused
    parts = [_back([row.move for row in found.members])]
    parts += [f"{wave} is accepted and loses {', '.join(m)}" for wave, m in found.earlier.items()]
    parts.append(
        f"at least {round(found.minutes)} to {round(found.minutes_p80)} min, until "
        f"{clock(found.ends_at_p80)}"
    )
    parts += _bridges(found.after.calls_per_hour, found.bridge_calls_per_hour, found.cut)
    again = [each.wave for each in found.again if each.possible]
    parts.append(f"after it {', '.join(again)} can be tried again" if again else "no second try")
    if found.refused:
        parts.append(f"refused now: {found.refused}")
    return "; ".join(parts)


def _leg(run: Run, wave: str) -> WaveLeg | None:
    return next((leg for leg in run.itinerary.waves if leg.id == wave), None)


def _go(leg: WaveLeg, run: Run, now: datetime, clock: Clock) -> str:
    legs = [run.itinerary.legs[move] for move in leg.moves]
    planned = max(each.planned_end for each in legs) - min(each.planned_start for each in legs)
    ends = (run.now or run.itinerary.window.start) + planned
    said = advice(run, now)
    if said is None:
        expected = ""
    else:
        word = "speaks for it" if said.go else "speaks AGAINST it"
        expected = f"; the forecast {word}: {'; '.join(said.reasons)}"
    return (
        f"by plan it takes {_lasting(planned)}, until about {clock(ends)}; "
        f"the window ends at {clock(run.itinerary.window.end)}{expected}"
    )


def _postpone(run: Run, clock: Clock) -> str:
    return f"everything after it comes later; the window ends at {clock(run.itinerary.window.end)}"


def _veto(run: Run, now: datetime, leg: WaveLeg, clock: Clock) -> str:
    if any(hold.vetoed_by for hold in run.waves[leg.id].holds):
        return ""  # a second person's stands for good
    return f"the clock stands until {clock(now + timedelta(minutes=VETO_MINUTES))}"


def _release(wait: Wait) -> str:
    return "the unwind clock stops" if wait.until is not None else ""


def _retry(run: Run, wait: Wait) -> str:
    wave = run.waves[wait.wave]
    if wait.subject == wait.wave:
        return f"attempt {wave.attempt + 1} of {run.itinerary.policy.waves_per_attempt_max}"
    if wave.state is WaveState.STUCK:
        return "if it fails again, the wave is stuck again"
    return "if it fails again, the wave is held again"


def _tick(run: Run, wait: Wait, verdict: str) -> str:
    """What a verdict does beyond what the engine says of it."""
    leg = next((each for each in run.itinerary.checks if each.id == wait.subject), None)
    known = run.checks.get(wait.subject)
    if leg is None or known is None:
        return ""
    if verdict in {"works", "works_but"}:
        good = sum(each in {"works", "works_but"} for each in known.ticks.values()) + 1
        open_ones = [
            other.id
            for other in run.checks_of[wait.wave]
            if other.id != leg.id and not _passed(run, other.id)
        ]
        if good < leg.quorum:
            return f"{leg.quorum - good} more must say so"
        return f"{len(open_ones)} checks of the wave are left" if open_ones else "the last check"
    if verdict == "does_not_work":
        answer = reaction(run.itinerary.policy, Trouble.REFUSED.value)
        if answer.act is Act.HOLD_THEN_UNWIND:
            return f"unwound after {answer.veto_minutes:g} min unless vetoed or withdrawn"
    return ""


def _passed(run: Run, check: str) -> bool:
    known = run.checks.get(check)
    return known is not None and known.state.value == "passed"


def _held_unanswered(run: Run) -> str:
    answer = reaction(run.itinerary.policy, Trouble.UNANSWERED.value)
    held = "it never counts as a yes: the wave is held, and what is under way ends"
    if answer.act is Act.HOLD_THEN_UNWIND:
        return f"{held}; {answer.veto_minutes:g} min later it is unwound unless vetoed"
    if answer.act is Act.UNWIND:
        return "it never counts as a yes: the wave is unwound"
    return f"{held}, until somebody decides"


def _lasting(time: timedelta) -> str:
    hours, rest = divmod(round(time.total_seconds() / 60), 60)
    return f"{hours} h {rest:02d} min" if hours else f"{rest} min"
