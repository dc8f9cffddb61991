"""Every state of a run, and every change that is legal, as tables.

Everything that affects a state lives in this file: `engine/run.py` looks the next state up here
and nowhere else. An event that has no entry is illegal: it raises, names state and event, and
changes nothing. The state pictures in the docs are drawn from these tables.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from migrator.engine.events import (
    AttemptOpened,
    CheckAssigned,
    CheckEscalated,
    CheckHandedOver,
    CheckOpened,
    CheckPassed,
    CheckReminded,
    CheckVoided,
    CommitBegun,
    DefectRaised,
    DisturbanceClosed,
    DisturbanceHastened,
    DisturbanceNoted,
    DisturbanceReddened,
    DisturbanceStaffed,
    DisturbanceWarned,
    Event,
    GateDecided,
    GateLapsed,
    GateOpened,
    GatePostponed,
    HoldReleased,
    PartReturned,
    RunAborted,
    RunEnded,
    RunPaused,
    RunResumed,
    StepAmended,
    StepDoubted,
    StepEnded,
    StepResolved,
    StepSettled,
    StepStarted,
    TickGiven,
    TickWithdrawn,
    UndoDoubted,
    UndoEnded,
    UndoResolved,
    UndoSettled,
    UndoStarted,
    UnwindBegun,
    VetoGiven,
    WaveAccepted,
    WaveBlocked,
    WaveCommitted,
    WaveHeld,
    WaveReturned,
    WaveStuck,
    WaveUnstuck,
    WaveVerified,
    WrongSideSeen,
)
from migrator.incidents.model import Level


class IllegalEvent(AssertionError):
    """An event that the tables do not allow: a bug, never an operator's mistake."""

    def __init__(self, subject: str, state: Enum, event: Event) -> None:
        """Name the subject, the state and the event."""
        super().__init__(f"{subject} is {state.value}: {type(event).__name__} is illegal there")


class State(Enum):
    """The root of all states. Hashed by identity: a weekend looks states up a million times."""

    __hash__ = object.__hash__


class RunState(State):
    """The run as a whole."""

    RUNNING = "running"
    PAUSED = "paused"  # nothing new starts; what is in flight ends
    ABORTING = "aborting"  # everything not committed is being unwound
    ENDED = "ended"


class WaveState(State):
    """One wave in its current attempt."""

    PLANNED = "planned"
    DECIDING = "deciding"  # its gate waits for a named person
    DECLINED = "declined"  # no-go, or nobody answered and the default is no-go
    MOVING = "moving"
    HELD = "held"
    UNWINDING = "unwinding"
    STUCK = "stuck"  # an undo failed for good; a human must act
    RETURNED = "returned"
    BLOCKED = "blocked"  # a hard predecessor is returned
    ACCEPTED = "accepted"
    COMMITTING = "committing"
    COMMITTED = "committed"


class ActState(State):
    """A step or an undo of one move in the current attempt."""

    WAITING = "waiting"
    STARTED = "started"
    DOUBTED = "doubted"  # started, and the conductor died before it heard the end
    UNKNOWN = "unknown"  # even the world could not tell; a human must say
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    FORCED = "forced"  # a human says that it is done
    ABANDONED = "abandoned"  # a human gives it up; listed as an exception


class CheckState(State):
    """A function to be verified by a handler."""

    OPEN = "open"  # nobody has it yet
    ASSIGNED = "assigned"
    PASSED = "passed"
    REFUSED = "refused"
    VOID = "void"  # its wave was unwound


class Side(State):
    """Who holds authority over a subsystem."""

    OLD = "old"
    NONE = "none"
    NEW = "new"


RUN: Final[dict[RunState, dict[type[Event], RunState]]] = {
    RunState.RUNNING: {
        RunPaused: RunState.PAUSED,
        RunAborted: RunState.ABORTING,
        RunEnded: RunState.ENDED,
    },
    RunState.PAUSED: {RunResumed: RunState.RUNNING, RunAborted: RunState.ABORTING},
    RunState.ABORTING: {RunEnded: RunState.ENDED},
    RunState.ENDED: {},
}

_W = WaveState
WAVE: Final[dict[WaveState, dict[type[Event], WaveState]]] = {
    _W.PLANNED: {
        GateOpened: _W.DECIDING,
        WaveBlocked: _W.BLOCKED,
        WaveHeld: _W.HELD,
        UnwindBegun: _W.UNWINDING,
        WaveReturned: _W.RETURNED,
    },
    _W.DECIDING: {
        GateDecided: _W.MOVING,  # of a go; a no-go is GateLapsed's and Declined's entry below
        GateLapsed: _W.DECLINED,
        GatePostponed: _W.DECIDING,
        WaveBlocked: _W.BLOCKED,
        WaveHeld: _W.HELD,
        UnwindBegun: _W.UNWINDING,
        WaveReturned: _W.RETURNED,
    },
    _W.DECLINED: {AttemptOpened: _W.PLANNED, UnwindBegun: _W.UNWINDING},
    _W.MOVING: {
        WaveHeld: _W.HELD,
        WaveVerified: _W.MOVING,
        WaveAccepted: _W.ACCEPTED,
        UnwindBegun: _W.UNWINDING,
    },
    _W.HELD: {
        WaveHeld: _W.HELD,
        VetoGiven: _W.HELD,
        HoldReleased: _W.MOVING,
        UnwindBegun: _W.UNWINDING,
    },
    _W.UNWINDING: {
        UnwindBegun: _W.UNWINDING,
        WaveStuck: _W.STUCK,
        WaveReturned: _W.RETURNED,
        PartReturned: _W.MOVING,
    },
    _W.STUCK: {WaveUnstuck: _W.UNWINDING, WaveStuck: _W.STUCK, UnwindBegun: _W.STUCK},
    _W.RETURNED: {AttemptOpened: _W.PLANNED},
    _W.BLOCKED: {AttemptOpened: _W.PLANNED, UnwindBegun: _W.UNWINDING},
    _W.ACCEPTED: {
        UnwindBegun: _W.UNWINDING,
        CommitBegun: _W.COMMITTING,
    },
    _W.COMMITTING: {WaveCommitted: _W.COMMITTED},
    _W.COMMITTED: {},
}

_A = ActState
RESOLUTIONS: Final[dict[str, ActState]] = {
    "retry": _A.WAITING,
    "skip": _A.SKIPPED,
    "force-done": _A.FORCED,
    "abandon": _A.ABANDONED,
}
"""What a human's word makes of a failed, doubted or unknown act."""

ENDS: Final[dict[str, ActState]] = {"done": _A.DONE, "failed": _A.FAILED, "timed_out": _A.FAILED}
"""What an outcome makes of a started act."""

SETTLES: Final[dict[str, ActState]] = {
    "done": _A.DONE,
    "not_done": _A.WAITING,
    "unknown": _A.UNKNOWN,
}
"""What the world's answer makes of a doubted act."""

ACT: Final[dict[ActState, frozenset[type[Event]]]] = {
    _A.WAITING: frozenset({StepStarted, UndoStarted, StepResolved, UndoResolved, StepAmended}),
    _A.STARTED: frozenset({StepEnded, UndoEnded, StepDoubted, UndoDoubted}),
    _A.DOUBTED: frozenset({StepSettled, UndoSettled}),
    _A.UNKNOWN: frozenset({StepResolved, UndoResolved, StepAmended}),
    _A.DONE: frozenset(),
    _A.FAILED: frozenset({StepStarted, UndoStarted, StepResolved, UndoResolved, StepAmended}),
    _A.SKIPPED: frozenset(),
    _A.FORCED: frozenset(),
    _A.ABANDONED: frozenset(),
}
"""Which events an act takes; where to, say ENDS, SETTLES and RESOLUTIONS."""

COMPLETE: Final = frozenset({_A.DONE, _A.SKIPPED, _A.FORCED, _A.ABANDONED})
"""An act in one of these states lets the next one start."""

_C = CheckState
CHECK: Final[dict[CheckState, dict[type[Event], CheckState]]] = {
    _C.OPEN: {
        CheckAssigned: _C.ASSIGNED,
        TickGiven: _C.OPEN,
        WrongSideSeen: _C.OPEN,
        CheckPassed: _C.PASSED,
        CheckVoided: _C.VOID,
        CheckOpened: _C.OPEN,
        DefectRaised: _C.REFUSED,
    },
    _C.ASSIGNED: {
        CheckAssigned: _C.ASSIGNED,
        TickGiven: _C.ASSIGNED,
        WrongSideSeen: _C.ASSIGNED,
        TickWithdrawn: _C.ASSIGNED,
        CheckPassed: _C.PASSED,
        CheckVoided: _C.VOID,
        CheckOpened: _C.OPEN,
        CheckReminded: _C.ASSIGNED,
        CheckEscalated: _C.ASSIGNED,
        CheckHandedOver: _C.OPEN,
        DefectRaised: _C.REFUSED,
    },
    _C.PASSED: {
        TickGiven: _C.REFUSED,  # it does not work after all; no other verdict is taken
        TickWithdrawn: _C.ASSIGNED,
        CheckVoided: _C.VOID,
        CheckOpened: _C.OPEN,
        DefectRaised: _C.REFUSED,
    },
    _C.REFUSED: {
        TickWithdrawn: _C.ASSIGNED,
        CheckPassed: _C.PASSED,
        CheckVoided: _C.VOID,
        CheckOpened: _C.OPEN,
    },
    _C.VOID: {CheckOpened: _C.OPEN},
}
"""A TickGiven that says does_not_work leads to REFUSED, and a CheckHandedOver that names somebody
to ASSIGNED; a check that is opened again stays with whoever has it: see `fold_checks.py`."""

_L = Level
DISTURBANCE: Final[dict[Level, dict[type[Event], Level]]] = {
    _L.YELLOW: {
        DisturbanceStaffed: _L.YELLOW,
        DisturbanceNoted: _L.YELLOW,
        DisturbanceHastened: _L.YELLOW,
        DisturbanceWarned: _L.YELLOW,
        DisturbanceReddened: _L.RED,
        DisturbanceClosed: _L.GREEN,
    },
    _L.RED: {
        DisturbanceStaffed: _L.RED,
        DisturbanceNoted: _L.RED,
        DisturbanceClosed: _L.GREEN,
    },
    _L.GREEN: {},
}
"""A disturbance is opened yellow; a closed one stays closed, and what comes back is another."""

FINAL_WAVES: Final = frozenset(
    {_W.DECLINED, _W.RETURNED, _W.BLOCKED, _W.ACCEPTED, _W.COMMITTED, _W.STUCK}
)
"""States in which a wave waits for nothing of the engine's own."""
