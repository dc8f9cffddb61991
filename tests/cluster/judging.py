"""What a caller heard, held against what the journal says was done.

Three things are judged, from a front's first answer on, and nothing is forgiven. A Service's
answers change sides once for every switch that was journalled, within the time of that switch. A
failed call began or ended within a time in which the journal says that the Service was fenced or
drained. A kept connection is cut only then, too. Every difference comes back as a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from cluster.hammer import KEPT_SECONDS, SIDES, Call, Heard
from cluster.logbook import Connected
from migrator.engine import events as ev
from migrator.engine.ports import Line
from migrator.plan.model import StepKind, UndoKind

S, U = StepKind, UndoKind
SLACK_SECONDS: Final = 0.3
"""Between what the act did and the line that says so, and what the data plane needs after it."""

FENCED_FROM: Final = {
    S.DRAIN.value: S.DRAIN.value,
    S.QUIESCE.value: S.SWITCH.value,
    S.FENCE.value: S.FENCE.value,
    U.FENCE_TARGET.value: U.SWITCH_BACK.value,
    U.STOP_TARGET.value: U.STOP_TARGET.value,
}
"""From the beginning of which act to the end of which one a Service may refuse somebody."""


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which something may be seen, and the act that explains it."""

    begin: float
    end: float
    act: str

    def touches(self, began: float, ended: float) -> bool:
        """Whether a call overlaps it."""
        return began <= self.end + SLACK_SECONDS and ended >= self.begin - SLACK_SECONDS


@dataclass
class Done:
    """One subsystem's acts as the journal tells them."""

    acts: list[Window] = field(default_factory=list)

    def of(self, act: str) -> list[Window]:
        """Every time that an act was carried out."""
        return [window for window in self.acts if window.act == act]

    def fenced(self) -> Iterator[Window]:
        """When its Service may have refused somebody."""
        for first, last in FENCED_FROM.items():
            for window in self.of(first):
                ends = [each.end for each in self.of(last) if each.end >= window.end]
                yield Window(window.begin, min(ends, default=window.end), first)

    def switched(self) -> list[tuple[str, Window]]:
        """Each time that its traffic was moved, in order, and where to."""
        found = [("new", each) for each in self.of(S.SWITCH)]
        found += [("old", each) for each in self.of(U.SWITCH_BACK)]
        return sorted(found, key=lambda pair: pair[1].begin)


def told(lines: Iterable[Line]) -> dict[str, Done]:
    """What the journal says of each subsystem."""
    began: dict[tuple[str, str], float] = {}
    found: dict[str, Done] = {}
    for line in lines:
        event, at = line.event, line.at.timestamp()
        if isinstance(event, ev.StepStarted):
            began.setdefault((event.move, event.step), at)
        elif isinstance(event, ev.UndoStarted):
            began.setdefault((event.move, event.undo), at)
        elif isinstance(event, ev.StepEnded | ev.UndoEnded) and event.outcome == "done":
            act = event.step if isinstance(event, ev.StepEnded) else event.undo
            first = began.pop((event.move, act), at)
            found.setdefault(event.move, Done()).acts.append(Window(first, at, act))
    return found


@dataclass
class Judged:
    """What was wrong, and what was explained: how many calls by the act that explains them."""

    wrong: list[str] = field(default_factory=list)
    explained: dict[str, int] = field(default_factory=dict)

    def explain(self, word: str, windows: Iterable[Window], call: Call) -> bool:
        """Count a failure under the act that explains it; False where none does."""
        for window in windows:
            if window.touches(call.began, call.ended):
                self.count(f"{word} during {window.act}")
                return True
        return False

    def count(self, key: str) -> None:
        """One more that is explained by this."""
        self.explained[key] = self.explained.get(key, 0) + 1


def judge(heard: Mapping[str, Heard], done: Mapping[str, Done]) -> Judged:
    """Everything that the hammer heard."""
    judged = Judged()
    for name, each in sorted(heard.items()):
        acts = done.get(name, Done())
        judged.wrong += [f"{name}: {fault}" for fault in _turns(each, acts)]
        fenced = list(acts.fenced())
        for call in each.failures:
            if is_before_baseline(each, acts, call):
                judged.count(f"{call.word} before its baseline")
            elif not judged.explain(call.word, fenced, call):
                judged.wrong.append(f"{name}: {_said(call)} with no fence to explain it")
        for cut in each.cuts:
            if is_before_baseline(each, acts, cut):
                judged.count(f"kept connection {cut.word} before its baseline")
            elif not judged.explain(f"kept connection {cut.word}", _cut_by(acts), cut):
                judged.wrong.append(f"{name}: its kept connection: {_said(cut)}, unexplained")
    return judged


def _cut_by(acts: Done) -> list[Window]:
    """A kept connection is found cut at its next question, which is a moment later."""
    return [Window(each.begin, each.end + 2 * KEPT_SECONDS, each.act) for each in acts.fenced()]


def _turns(heard: Heard, acts: Done) -> Iterator[str]:
    switches = acts.switched()
    wanted = ["old", *(side for side, _ in switches)]
    if heard.turns != wanted[-len(heard.turns) :] or len(heard.turns) != len(wanted):
        yield f"answers came from {heard.turns}, the journal says {wanted}"
        return
    answers = [call for call in heard.calls if call.word in SIDES]
    changes = [after for before, after in pairwise(answers) if before.word != after.word]
    for change, (side, window) in zip(changes, switches, strict=True):
        if not window.touches(change.began, change.ended) and change.began < window.begin:
            yield f"the {side} side answered {window.begin - change.ended:.2f} s before its switch"
        begin, end = window.end + SLACK_SECONDS, _next(switches, window)
        late = sum(call.word != side and begin < call.began < end for call in answers)
        if late:
            yield f"{late} answers of the other side after the switch to {side} was done"


def _next(switches: Sequence[tuple[str, Window]], window: Window) -> float:
    return min((w.begin for _, w in switches if w.begin > window.begin), default=float("inf"))


def _said(call: Call) -> str:
    return f"{call.word} at {call.began:.3f}"


def judge_links(
    rows: Sequence[Connected], links: Sequence[tuple[str, str]], done: Mapping[str, Done]
) -> Judged:
    """What applications heard of each other: no link is silent, and no failure unexplained."""
    judged = Judged()
    for caller, callee in links:
        own = [row for row in rows if (row.caller, row.callee) == (caller, callee)]
        connected = {row.side for row in own if row.heard in SIDES}
        # Pods call from their start on, so whoever was switched has called from there, too.
        wanted = {"old", "new"} if done.get(caller, Done()).switched() else {"old"}
        judged.wrong += [
            f"{caller} to {callee}: never connected from the {side} side"
            for side in sorted(wanted - connected)
        ]
    for row in rows:
        if row.heard in SIDES:
            continue
        call = Call(row.began, row.ended, row.heard)
        # A caller that is being stopped or fenced itself says nothing about whom it calls.
        windows = [*done.get(row.callee, Done()).fenced(), *done.get(row.caller, Done()).fenced()]
        if not judged.explain(f"{row.heard} from the {row.side} side", windows, call):
            said = f"{row.caller} ({row.side} side) to {row.callee}: {_said(call)}"
            judged.wrong.append(f"{said} with no fence to explain it")
    return judged


def is_before_baseline(heard: Heard, done: Done, call: Call) -> bool:
    """Whether a call came before its front's first answer of all, and before its baseline.

    A data plane hears of a Service and of its slice by two watches, one after the other, and
    refuses in between; the baseline waits for the first answer, and nobody is sent there before.
    """
    answered = min((each.began for each in heard.calls if each.word in SIDES), default=0.0)
    seen = min((window.end for window in done.of("baseline")), default=0.0)
    return call.began <= min(answered, seen)


def is_too_early(windows: Sequence[Window], heard: Heard, done: Done, call: Call) -> bool:
    """Whether a call met a front that a fault kept from the data plane, and that nobody calls yet.

    After a restart kube-proxy gets its watches back one after the other.
    """
    struck = any(window.begin <= call.began for window in windows)
    return struck and is_before_baseline(heard, done, call)
