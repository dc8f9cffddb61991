"""A forecast in test data: made up from an itinerary's own times, without a simulator.

Pictures and pages are tested on it. Every weekend is the plan, stretched by a factor of its own and
shaken a little, so that the figures hang together: the fan, the quantiles and the waves tell of the
same weekends. The same seed gives the same forecast.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

from migrator.forecast.model import (
    FanLine,
    Forecast,
    HourOfBridges,
    HourOfWork,
    MoveForecast,
    Quantiles,
    Span,
    TurnBack,
    TurnBackPoint,
    WaveForecast,
)
from migrator.ids import SubsystemId
from migrator.plan.model import Itinerary

HOUR = timedelta(hours=1)
QUANTILE = 0.95
DECISION = timedelta(minutes=15)

Weekend = dict[str, datetime]


def a_forecast(
    itinerary: Itinerary, *, seed: int = 1, weekends: int = 200, at: datetime | None = None
) -> Forecast:
    """A forecast of that plan."""
    random = Random(seed)
    begin, end = itinerary.window.start, itinerary.window.end
    sampled = [_weekend(itinerary, random) for _ in range(weekends)]
    ends = [max(weekend.values()) + 2 * HOUR for weekend in sampled]
    turn_back = _turn_back(itinerary, sampled)
    return Forecast(
        plan=itinerary.plan_name,
        plan_digest=itinerary.plan_digest,
        at=at,
        seq=0,
        weekends=weekends,
        seed=seed,
        compiled=True,
        fits=sum(each <= end for each in ends) / weekends,
        all_moved=1.0,
        forward_first=0.9,
        end=quantiles(ends),
        window_begin=begin,
        window_end=end,
        exposure_hours=3.4,
        exposure_hours_p80=4.1,
        waves=tuple(_wave(itinerary, number, sampled) for number in range(len(itinerary.waves))),
        moves=tuple(
            MoveForecast(leg.id, leg.wave, switch, switch, switch, 0.1, 0.2, 12.0)
            for leg in itinerary.legs.values()
            for switch in [quantiles([weekend[leg.id] for weekend in sampled])]
        ),
        turn_back=turn_back,
        handlers=_work(itinerary, ("Decide sickness benefit", "Pay parental benefit"), random),
        teams=_work(itinerary, tuple(crew.name for crew in itinerary.crews.values()), random),
        bridges=_bridges(itinerary, sampled),
        fan=tuple(
            FanLine(tuple(sorted(weekend.values())), over)
            for weekend, over in list(zip(sampled, ends, strict=True))[:60]
        ),
        absent=(),
        dates_missed=0.1,
        notes=("made up",),
    )


def quantiles(moments: Sequence[datetime]) -> Quantiles:
    """P50, P80 and P95 of moments."""
    ordered = sorted(moments)
    p50, p80, p95 = (ordered[int(q * (len(ordered) - 1))] for q in (0.5, 0.8, 0.95))
    return Quantiles(p50, p80, p95)


def _weekend(itinerary: Itinerary, random: Random) -> Weekend:
    """Every switch of one weekend: later by a common factor, and by what each wave lost."""
    begin = itinerary.window.start
    factor, lost = random.lognormvariate(0.02, 0.06), timedelta()
    found: Weekend = {}
    for wave in itinerary.waves:
        lost += timedelta(minutes=random.expovariate(1 / 20))
        for move in wave.moves:
            planned = itinerary.legs[move].planned_switch - begin
            shaken = timedelta(minutes=random.expovariate(1 / 6))
            found[move] = begin + planned * max(factor, 1.0) + lost + shaken
    return found


def _wave(itinerary: Itinerary, number: int, sampled: Sequence[Weekend]) -> WaveForecast:
    wave = itinerary.waves[number]
    gates = [min(weekend[move] for move in wave.moves) - HOUR / 2 for weekend in sampled]
    ends = [max(weekend[move] for move in wave.moves) + HOUR for weekend in sampled]
    return WaveForecast(wave.id, quantiles(gates), quantiles(ends), 0.04 * (number % 4), over=False)


def _turn_back(itinerary: Itinerary, sampled: Sequence[Weekend]) -> TurnBack:
    """Half of the time that went forward is wanted to go back, and late on half is final."""
    begin, end = itinerary.window.start, itinerary.window.end
    points = []
    for n in range(int((end - begin) / HOUR) * 2 + 1):
        at = begin + HOUR / 2 * n
        backs = []
        for weekend in sampled:
            moved = bisect_right(sorted(weekend.values()), at)
            if n > 70:
                moved -= moved // 2
            backs.append(at + DECISION + timedelta(minutes=1400 * moved / len(weekend)))
        points.append(TurnBackPoint(at, quantiles(backs), 0.5 if n > 70 else 0.0))
    late = [p.back.p95 is not None and p.back.p95 > end for p in points]
    spans, since = [], None
    for point, unsafe in zip(points, late, strict=True):
        if unsafe and since is None:
            since = point.at
        elif not unsafe and since is not None:
            spans.append(Span(since, point.at))
            since = None
    if since is not None:
        spans.append(Span(since, None))
    latest = spans[0].begin if spans else None
    first = next(iter(itinerary.legs.values()))
    data = begin + 0.8 * (end - begin)
    return TurnBack(
        quantile=QUANTILE,
        decision_minutes=15.0,
        latest=latest,
        data_limit=data,
        data_limit_of=SubsystemId(first.id),
        limit=min(latest, data) if latest is not None else data,
        unsafe=tuple(spans),
        curve=tuple(points),
        plan_by=latest,
    )


def _work(itinerary: Itinerary, names: Sequence[str], random: Random) -> tuple[HourOfWork, ...]:
    begin, end = itinerary.window.start, itinerary.window.end
    hours = int((end - begin) / HOUR)
    found = []
    for name in names:
        for n in range(hours):
            wanted = max(random.gauss(2.0, 1.2), 0.0) if 10 < n < 40 else 0.0
            there = 4.0 if n % 24 < 16 else 1.0
            found.append(HourOfWork(begin + n * HOUR, name, wanted, wanted * 1.5, there))
    return tuple(found)


def _bridges(itinerary: Itinerary, sampled: Sequence[Weekend]) -> tuple[HourOfBridges, ...]:
    begin, end = itinerary.window.start, itinerary.window.end
    legs = len(itinerary.legs)
    found = []
    for n in range(int((end - begin) / HOUR)):
        at = begin + n * HOUR
        shares = []
        for weekend in sampled[:40]:
            part = bisect_right(sorted(weekend.values()), at) / legs
            shares.append(1.4 * part * (1 - part))
        shares.sort()
        mean = sum(shares) / len(shares)
        found.append(HourOfBridges(at, mean, shares[int(0.95 * (len(shares) - 1))]))
    return tuple(found)
