"""A run as documents of the API: pure reading, called by `looks.py`.

What pages show is worked out by the pages' own views; here it only gets the names that programs
know it by. Who said what is left out where the caller may not read the journal.
"""

from __future__ import annotations

from datetime import datetime

from migrator.conductor.clock import wall_now
from migrator.engine.editions import edition
from migrator.engine.events import ForecastMade
from migrator.engine.run import Run
from migrator.engine.states import CheckState, Side
from migrator.engine.waits import waits
from migrator.plan.model import CheckLeg
from migrator.reports.consequences import consequence, unanswered
from migrator.reports.texts import Texts
from migrator.store.chain import Written
from migrator.web.api import shapes
from migrator.web.lines_view import PHRASES
from migrator.web.outlook_view import newest, turn_back_clock
from migrator.web.roster_view import Doors, roster
from migrator.web.seen import SeenRun
from migrator.web.tasks_view import tasks
from migrator.web.visitors import DOES, Page, Visitor
from migrator.web.weekend_view import WORDS, weekend


def me(visitor: Visitor) -> shapes.Me:
    """Who asks."""
    return shapes.Me(
        person=visitor.person,
        name=visitor.name,
        roles=sorted(visitor.roles),
        only=visitor.only,
        pages=[page.value for page in Page if visitor.sees(page)],
        verbs=sorted(verb for verb in DOES if visitor.may(verb)),
        form_token=visitor.form_token,
    )


def run(seen: SeenRun, t: Texts) -> shapes.RunDocument:
    """The run as a whole."""
    known, now, started = seen.run, seen.now(), seen.run.started
    wall = weekend(known, now, t)
    window = seen.itinerary.window
    speed = seen.reading.get("speed", started.speed if started is not None else 1.0)
    return shapes.RunDocument(
        name=seen.name,
        mode=seen.mode,
        practice=seen.practice,
        target=started.target if started is not None else "",
        plan=seen.itinerary.plan_name,
        state=known.state.value,
        outcome=known.outcome or None,
        level=_level(wall.light),
        over=seen.played_out,
        time_zone=window.time_zone,
        window_start=t.local(window.start),
        window_end=t.local(window.end),
        clock=shapes.Clock(
            run_time=t.local(now),
            read_at=wall_now() if seen.leader is not None else None,
            speed=float(speed if isinstance(speed, int | float) else 1.0),
            still_for=[list(pair) for pair in seen.still_for],
        ),
        led_by=seen.leader,
        seq=known.seq,
        head=seen.recent[-1].hash if seen.recent else "",
        moves=wall.moves,
        moved=wall.moved,
        checks=wall.checks,
        checks_passed=wall.checks_done,
        waves=[leg.id for leg in seen.itinerary.waves],
    )


def waves(seen: SeenRun, t: Texts) -> list[shapes.WaveDocument]:
    """Every wave, in the plan's order."""
    known = seen.run
    found = []
    for row in weekend(known, seen.now(), t).waves:
        record = known.waves[row.id]
        found.append(
            shapes.WaveDocument(
                id=row.id,
                name=row.name,
                state=record.state.value,
                state_words=t._(WORDS[record.state]),
                attempt=record.attempt,
                gate_at=t.local(row.gate_at),
                started_at=_local(record.started_at, t),
                ended_at=_local(record.ended_at, t),
                cause=row.cause or record.cause,
                moves=[dot.id for dot in row.moves],
                moved=row.switched,
                checks=row.checks,
                checks_passed=row.checks_done,
                checks_open=row.checks_open,
            )
        )
    return found


def moves(seen: SeenRun, t: Texts, wave: str = "") -> list[shapes.MoveDocument]:
    """Every subsystem that moves, or those of one wave."""
    return [
        move(seen, leg.id, t)
        for leg in seen.itinerary.legs.values()
        if not wave or leg.wave == wave
    ]


def move(seen: SeenRun, id_: str, t: Texts) -> shapes.MoveDocument:
    """One subsystem."""
    known, leg = seen.run, seen.itinerary.legs[id_]
    record = known.moves[id_]
    if known.authority[id_] is Side.NEW:
        place = "new"
    elif record.returned:
        place = "back"
    else:
        place = "crossing" if record.touched else "old"
    return shapes.MoveDocument.model_validate(
        {
            "id": id_,
            "name": leg.name,
            "wave": leg.wave,
            "place": place,
            "act": next((name for subject, name in known.in_flight if subject == id_), ""),
            "attempt": record.attempt,
            "planned_start": t.local(leg.planned_start),
            "planned_end": t.local(leg.planned_end),
            "started_at": _local(record.first_started, t),
            "switched_at": _local(record.switched_at, t),
        }
    )


def checks(seen: SeenRun, visitor: Visitor, t: Texts, wave: str = "") -> list[shapes.CheckDocument]:
    """Every check, or those of one wave."""
    return [
        check(seen.run, leg, visitor, t)
        for leg in seen.itinerary.checks
        if not wave or leg.wave == wave
    ]


def check(run: Run, leg: CheckLeg, visitor: Visitor, t: Texts) -> shapes.CheckDocument:
    """One check. Who is asked is for them, and for whoever may read the journal."""
    known = run.checks.get(leg.id)
    if known is not None and known.attempt != run.waves[leg.wave].attempt:
        known = None
    asked = known.person if known is not None and known.state is CheckState.ASSIGNED else ""
    told = asked if asked == visitor.person or visitor.sees(Page.JOURNAL) else ""
    return shapes.CheckDocument(
        id=leg.id,
        name=t.text(leg.name),
        wave=leg.wave,
        state=known.state.value if known is not None else "not_yet",
        opened_at=_local(known.opened, t) if known is not None else None,
        until=_local(known.limit_at, t) if known is not None else None,
        possible_after=_local(leg.possible_after, t),
        side_mark=leg.side_mark is not None,
        person=told or None,
        edition=edition(known) if known is not None else "",
    )


def my_checks(seen: SeenRun, visitor: Visitor, t: Texts) -> shapes.MyChecks:
    """One person's checks, as her page has them."""
    found = tasks(seen.run, visitor.person, seen.now(), t)
    legs = {leg.id: leg for leg in seen.itinerary.checks}
    shown = {
        name: [check(seen.run, legs[each.id], visitor, t) for each in rows]
        for name, rows in (("asked", found.asked), ("others", found.others))
    }
    given = [check(seen.run, legs[each.id], visitor, t) for each in found.given]
    told = {each.id for rows in (*shown.values(), given) for each in rows}
    coming = [
        document
        for leg in legs.values()
        if leg.id not in told and (not leg.eligible or visitor.person in leg.eligible)
        and (document := check(seen.run, leg, visitor, t)).state == "not_yet"
    ]  # fmt: skip
    return shapes.MyChecks(
        asked=shown["asked"], others=shown["others"], coming=coming, given=given, seq=seen.run.seq
    )


def decisions(seen: SeenRun, visitor: Visitor, t: Texts) -> shapes.Decisions:
    """What waits for people, with what each choice leads to."""
    now = seen.now()
    found = [
        shapes.Decision(
            wave=wait.wave,
            subject=wait.subject,
            what=wait.what,
            waits_for=wait.waits_for,
            on_whom=wait.on_whom,
            since=_local(wait.since, t),
            until=_local(wait.until, t),
            then=wait.then,
            unanswered=unanswered(seen.run, wait, seen.clock),
            choices=[
                shapes.Choice(
                    verb=line.split()[0],
                    target=line.split()[2] if len(line.split()) > 2 else "",
                    line=line,
                    consequence=consequence(seen.run, now, wait, (line, said), seen.clock),
                    may=visitor.may(line.split()[0]),
                )
                for line, said in wait.choices
            ],
        )
        for wait in (() if seen.played_out else waits(seen.run, now))
        if wait.human
    ]
    return shapes.Decisions(decisions=found, seq=seen.run.seq)


def line(written: Written, data: object, t: Texts) -> dict[str, object]:
    """One line of the journal, as `shapes.LineDocument`."""
    phrase = PHRASES.get(written.kind, "")
    return {**written._asdict(), "data": data, "what": t._(phrase) if phrase else written.kind}


def people(seen: SeenRun, doors: Doors, t: Texts) -> shapes.Roster:
    """The roster."""
    found, members = roster(seen.run, seen.now(), doors, t), seen.itinerary.members
    by_id = {str(id_): member for id_, member in members.items()}
    return shapes.Roster(
        people=[
            shapes.PersonDocument(
                id=row.id,
                name=row.name,
                roles=list(by_id[row.id].roles),
                telephone=row.telephone,
                on_shift=row.on_shift,
                next_shift=_local(row.next_shift, t),
                invited=row.invited,
                signed_in=row.signed_in,
                checks=[each.id for each in row.checks],
                answered=row.answered,
            )
            for row in found.people
        ],
        handlers=found.handlers,
        handlers_signed_in=found.handlers_signed_in,
        on_shift=found.on_shift,
        asked=found.asked,
    )


def disturbances(seen: SeenRun, t: Texts) -> shapes.Disturbances:
    """All disturbances, open ones first, the newest before the older."""
    rows = sorted(seen.run.disturbances.values(), key=lambda each: each.opened, reverse=True)
    rows.sort(key=lambda each: not each.open)
    return shapes.Disturbances(
        disturbances=[
            shapes.DisturbanceDocument(
                id=each.id,
                key=each.key,
                level=_level(each.level.value),
                target=each.target,
                wave=each.wave,
                subsystem=each.subsystem,
                source=each.source,
                reason=each.reason,
                by=each.by,
                owner=each.owner,
                members=list(each.members),
                room=each.room,
                link=each.link,
                opened=t.local(each.opened),
                red_at=t.local(each.red_at),
                closed=_local(each.closed, t),
                cause=each.cause,
                note=each.note,
                times=each.times,
                log=[
                    shapes.LogLine(at=t.local(one.at), by=one.by, text=one.text, times=one.times)
                    for one in each.log
                ],
            )
            for each in rows
        ],
        seq=seen.run.seq,
    )


def forecast(seen: SeenRun, t: Texts) -> shapes.Forecast:
    """The turn-back clock, and what it stands on."""
    now = seen.now()
    clock = turn_back_clock(seen.run, seen.expected, now, t)
    made: ForecastMade | None = newest(seen.run, seen.expected)
    return shapes.Forecast.model_validate(
        {
            "said": clock.said if clock is not None else "",
            "fits_words": clock.fits if clock is not None else "",
            "age": clock.age if clock is not None else "",
            "tone": clock.tone if clock is not None else "",
            "made": _local(made.made, t) if made is not None else None,
            "fits": made.fits if made is not None else None,
            **{
                name: _local(getattr(made, name), t) if made is not None else None
                for name in ("end_p50", "end_p80", "end_p95", "limit")
            },
        }
    )


def _local(moment: datetime | None, t: Texts) -> datetime | None:
    return None if moment is None else t.local(moment)


def _level(name: str) -> shapes.LevelName:
    for known in ("green", "yellow", "red"):
        if name == known:
            return known
    raise AssertionError(name)
