"""A forecast as people read it: moments and shares, no arrays.

Made by the other modules here; read by the engine (as an event), by reports, pictures and commands.
All moments carry a time zone. A share is between 0 and 1, of the sampled weekends. Nothing here
computes anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from migrator.ids import PersonId, SubsystemId, WaveId


@dataclass(frozen=True, slots=True)
class Quantiles:
    """By when something has happened in so many weekends; None: in fewer than that it happens."""

    p50: datetime | None
    p80: datetime | None
    p95: datetime | None


@dataclass(frozen=True, slots=True)
class WaveForecast:
    """One wave. What is over already stands there with its real moments, and `returned` 0 or 1."""

    wave: WaveId
    gate: Quantiles  # its gate is decided
    end: Quantiles  # all its moves are accepted
    returned: float  # in this share it is taken back at least once
    over: bool  # it has ended in reality


@dataclass(frozen=True, slots=True)
class MoveForecast:
    """One move. Criticality: the share of weekends in which it is on the longest realised chain.

    Cruciality: the rank correlation (Spearman) of its length with the weekend's end, -1 to 1.
    Slack: by how many minutes it may be late before the planned end is, in the plan of P50s.
    """

    move: SubsystemId
    wave: WaveId
    start: Quantiles
    switch: Quantiles
    end: Quantiles
    criticality: float
    cruciality: float
    slack_minutes: float
    switch_p20: datetime | None = None  # the early end of what handlers are told; None: not said


@dataclass(frozen=True, slots=True)
class Span:
    """From a moment to another; `end` None: as long as anybody looked."""

    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class TurnBackPoint:
    """If somebody said at `at` that everything goes back: when all of it would be back."""

    at: datetime
    back: Quantiles
    committed: float  # the mean share of the started moves that can no longer go back


@dataclass(frozen=True, slots=True)
class TurnBack:
    """Until when one may still turn back with everything that is not committed.

    `latest` is inf{t : Q_q[t + decision + RB(t)] > window's end}: None where no moment looked at is
    too late. The data's own limit, the first write that cannot be undone, is another one; `limit`
    is the earlier of the two, and the one that counts.
    """

    quantile: float  # q
    decision_minutes: float  # from saying so to the first undo
    latest: datetime | None
    data_limit: datetime | None  # P5 of the first irreversible act or commit, None: there is none
    data_limit_of: SubsystemId | None
    limit: datetime | None
    unsafe: tuple[Span, ...]  # every stretch in which it is too late, `latest` begins the first
    curve: tuple[TurnBackPoint, ...]
    plan_by: datetime | None  # D*: the latest end of going forward that leaves room to go back


@dataclass(frozen=True, slots=True)
class HourOfWork:
    """What a pool of handlers (or a team) is asked for in one hour, against who is there.

    In person hours. `who` is the pool's or team's name as people know it.
    """

    begin: datetime
    who: str
    wanted: float  # mean over the weekends
    wanted_p95: float
    there: float


@dataclass(frozen=True, slots=True)
class HourOfBridges:
    """What stands split between old and new in one hour, as shares of the whole link weight."""

    begin: datetime
    split: float  # mean over the weekends
    split_p95: float


@dataclass(frozen=True, slots=True)
class FanLine:
    """One sampled weekend: when how many moves had switched."""

    switched: tuple[datetime, ...]  # sorted; who never switched is not in it
    end: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known about the weekend at a moment."""

    plan: str  # the plan's name
    plan_digest: str
    at: datetime | None  # the moment it was made for; None: before the weekend
    seq: int  # the last event it knows; 0: before the weekend
    weekends: int
    seed: int
    compiled: bool  # False: played in plain Python
    fits: float  # everything moved, and ended inside the window
    all_moved: float  # everything moved, whenever that was
    forward_first: float  # everything ended before the turn-back limit
    dates_missed: float  # at least one fixed date was not kept, failed tries included
    end: Quantiles  # of the whole
    window_begin: datetime
    window_end: datetime
    exposure_hours: float  # mean hours that a unit of link weight is split
    exposure_hours_p80: float
    waves: tuple[WaveForecast, ...]
    moves: tuple[MoveForecast, ...]
    turn_back: TurnBack
    handlers: tuple[HourOfWork, ...]  # pools of handlers
    teams: tuple[HourOfWork, ...]
    bridges: tuple[HourOfBridges, ...]
    fan: tuple[FanLine, ...]  # some of the sampled weekends
    absent: tuple[PersonId, ...]  # counted out, because they are known to be absent
    notes: tuple[str, ...]  # what it rests on: assumed durations, what was learned, what is coarse
