"""The parts of the live screen: window, waves over time, moves with their steps, waits of people.

Used by `live_screen.py`. Each function is pure and gives rows, the most important first, so that
what does not fit is what matters least.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from rich.text import Text

from migrator.cli.countdown import left
from migrator.cli.decide import people_waits
from migrator.cli.runs import SeenRun
from migrator.cli.status import COLOURS, wave_facts
from migrator.engine.policy import CUT_STARTS, ENGINE_STEPS
from migrator.engine.run import ActRecord, MoveRecord, Run, WaveRecord
from migrator.engine.states import ActState, WaveState
from migrator.engine.waits import Wait
from migrator.plan.model import StepKind, WaveLeg
from migrator.reports.words import STEPS, UNDOS

WIDE: Final = 120
"""From this width on there is room for words beside ids."""

SIGNS: Final = {
    ActState.WAITING: "·",
    ActState.STARTED: "◐",
    ActState.DOUBTED: "?",
    ActState.UNKNOWN: "?",
    ActState.DONE: "●",
    ActState.FAILED: "✖",
    ActState.SKIPPED: "◌",
    ActState.FORCED: "◌",
    ActState.ABANDONED: "◌",
}
SIGN_STYLES: Final = {"◐": "bold blue", "✖": "bold red", "?": "bold yellow", "●": "green"}
_BAR_STYLES: Final = {" ": "", "─": "dim", "│": "dim", "░": "blue"}
_OPEN: Final = frozenset(
    {
        WaveState.MOVING,
        WaveState.HELD,
        WaveState.UNWINDING,
        WaveState.STUCK,
        WaveState.COMMITTING,
    }
)
_GONE_BACK: Final = frozenset({WaveState.UNWINDING, WaveState.RETURNED, WaveState.STUCK})
_CALM: Final = frozenset(
    {ActState.WAITING, ActState.DONE, ActState.SKIPPED, ActState.FORCED, ActState.ABANDONED}
)


def window_row(seen: SeenRun, now: datetime, width: int) -> Text:
    """How much of the window has gone, as a bar, and how much is left, in words."""
    window = seen.itinerary.window
    total = (window.end - window.start).total_seconds()
    share = min(1.0, max(0.0, (now - window.start).total_seconds() / total))
    words = (
        f" {left(window.end, now)} of the window left, it ends {seen.clock(window.end)}"
        if now < window.end
        else f" the window ended {seen.clock(window.end)}"
    )
    cells = max(8, width - len(words) - 9)
    full = round(cells * share)
    row = Text("window ▕")
    row.append("█" * full, style="blue")
    row.append("░" * (cells - full), style="dim")
    row.append("▏")
    row.append(words, style="" if now < window.end else "bold red")
    return row


# --- waves --------------------------------------------------------------------------------------


def wave_rows(seen: SeenRun, now: datetime, width: int) -> list[Text]:
    """Each wave with its state and its bar, below an axis of hours.

    Few waves stand in their own order; of many, what is over comes last and may be cut.
    """
    run = seen.run
    legs: dict[str, WaveLeg] = {leg.id: leg for leg in seen.itinerary.waves}
    id_width = max(4, *(len(wave) for wave in run.waves))
    name_width = 24 if width >= WIDE else 0
    bar_width = width - id_width - 1 - name_width - 12 - 21 - 1
    span = _span(seen, now)
    head = " " * (id_width + 1 + name_width) + f"{'state':<12}{'moved':<10}{'checks':<10} "
    rows = [_axis(seen, span, head, bar_width)]
    for wave in _by_interest(list(run.waves.values())):
        facts = wave_facts(run, wave)
        style = COLOURS.get(wave.state.value, "")
        row = Text(f"{wave.id:<{id_width}} ", style="bold" if wave.state in _OPEN else "")
        if name_width:
            row.append(f"{_cut(legs[wave.id].name, name_width - 1):<{name_width}}")
        words = str(facts["state_words"]) + (f" #{wave.attempt}" if wave.attempt > 1 else "")
        row.append(f"{words:<12}", style=style)
        moved = f"{facts['moves_done']}/{facts['moves_total']}"
        checks = f"{facts['checks_passed']}/{facts['checks_total']}"
        row.append(f"{moved:>5} new {checks:>5} ok   ")
        row.append_text(_bar(run, wave, legs[wave.id], now, span, bar_width, style))
        rows.append(row)
    return rows


def _by_interest(waves: list[WaveRecord]) -> list[WaveRecord]:
    """In their order from the first one that is not over; those that are over come last."""
    over = {
        WaveState.ACCEPTED,
        WaveState.COMMITTED,
        WaveState.RETURNED,
        WaveState.BLOCKED,
        WaveState.DECLINED,
    }
    if len(waves) <= 8 or all(wave.state in over for wave in waves):
        return waves
    going = [wave for wave in waves if wave.state not in over]
    done = [wave for wave in waves if wave.state in over]
    return [*going, *reversed(done)]


def _span(seen: SeenRun, now: datetime) -> tuple[datetime, datetime]:
    legs = seen.itinerary.legs.values()
    window = seen.itinerary.window
    end = max([now, *(leg.planned_end for leg in legs)])
    # The empty rest of a window is not worth half the screen: an eighth of what is planned stays.
    end = min(max(window.end, now), end + (end - window.start) / 8)
    return window.start, max(end, window.start + timedelta(hours=1))


def _axis(seen: SeenRun, span: tuple[datetime, datetime], head: str, width: int) -> Text:
    """What the columns are, and hours above the bars: a mark where a label begins."""
    start, end = span
    cells = [" "] * width
    total = (end - start).total_seconds()
    step = next((h for h in (1, 2, 3, 6, 12, 24) if width / (total / 3600 / h) >= 10), 24)
    moment = start.astimezone(seen.zone).replace(minute=0, second=0, microsecond=0)
    while moment <= end:
        if moment >= start and moment.hour % step == 0:
            at = int((moment - start).total_seconds() / total * width)
            label = f"╷{moment:%a %H}"
            if at + len(label) <= width and not "".join(cells[at : at + len(label)]).strip():
                cells[at : at + len(label)] = list(label)
        moment += timedelta(hours=1)
    return Text(head + "".join(cells), style="dim")


def _bar(
    run: Run,
    wave: WaveRecord,
    leg: WaveLeg,
    now: datetime,
    span: tuple[datetime, datetime],
    width: int,
    style: str,
) -> Text:
    """Planned as a thin line, actual as a thick one; lighter ahead of the gate, and going back."""
    start, end = span
    total = (end - start).total_seconds()

    def cell(moment: datetime) -> int:
        return int(min(max((moment - start).total_seconds() / total, 0.0), 1.0) * (width - 1))

    cells = [" "] * width
    legs = [run.itinerary.legs[move] for move in leg.moves]
    for at in range(
        cell(min(each.planned_start for each in legs)),
        cell(max(each.planned_end for each in legs)) + 1,
    ):
        cells[at] = "─"
    begun = [run.moves[move].first_started for move in leg.moves]
    first = min([moment for moment in begun if moment is not None], default=None)
    if first is not None:
        last = wave.ended_at or now
        gate = cell(wave.started_at) if wave.started_at is not None else width
        for at in range(cell(first), cell(last) + 1):
            cells[at] = "░" if at < gate else "▒" if wave.state in _GONE_BACK else "█"
    at = cell(now)
    if cells[at] in {" ", "─"}:
        cells[at] = "│"
    bar = Text()
    for sign in cells:
        bar.append(sign, style=_BAR_STYLES.get(sign, style))
    return bar


# --- moves --------------------------------------------------------------------------------------


def move_rows(seen: SeenRun, now: datetime, width: int) -> list[Text]:
    """The moves under way: trouble first, then what runs, then what waits for something."""
    run = seen.run
    found: list[tuple[int, str, MoveRecord]] = []
    for record in run.moves.values():
        wave = run.waves[record.wave]
        going = any(move == record.id and act not in ENGINE_STEPS for move, act in run.in_flight)
        if wave.state not in _OPEN and not going:
            continue
        if record.returned:
            continue
        found.append((_rank(record, going=going), record.id, record))
    id_width = min(26 if width >= WIDE else 18, max((len(move) for _, move, _ in found), default=8))
    return [
        _move_row(seen, record, now, width, id_width)
        for _, _, record in sorted(found, key=lambda each: each[:2])
    ]


def _rank(record: MoveRecord, *, going: bool) -> int:
    acts = [*record.steps.values(), *record.undos.values()]
    if any(act.state in {ActState.FAILED, ActState.UNKNOWN, ActState.DOUBTED} for act in acts):
        return 0
    if record.unwinding:
        return 1
    return 2 if going else 3


def _move_row(seen: SeenRun, record: MoveRecord, now: datetime, width: int, id_width: int) -> Text:
    recipe = seen.itinerary.recipes[seen.itinerary.legs[record.id].recipe]
    row = Text(f"{_cut(record.id, id_width):<{id_width}} {record.wave:<4} ")
    if record.unwinding:
        names = [undo.key for undo in recipe.unwind]
        acts = [record.undos[name] for name in names if record.undos[name] in record.undoing]
        row.append("back ", style="bold yellow")
        row.append_text(_pipeline(acts, frozenset()))
        row.append(" " * max(1, 16 - len(acts)))
    else:
        acts = [record.steps[step.key] for step in recipe.steps]
        committing = seen.run.waves[record.wave].state is WaveState.COMMITTING
        if committing:
            acts += [record.steps[step.key] for step in recipe.commit]
        after_switch = _following(acts, StepKind.SWITCH.value)
        row.append_text(_pipeline(acts, CUT_STARTS | after_switch))
        row.append(" " * max(1, 20 - len(acts)))
    row.append_text(_current(seen, record, acts, now, wide=width >= WIDE))
    return row


def _following(acts: list[ActRecord], name: str) -> frozenset[str]:
    names = [act.name for act in acts]
    at = names.index(name) + 1 if name in names else len(names)
    return frozenset(names[at : at + 1])


def _pipeline(acts: list[ActRecord], gaps: frozenset[str]) -> Text:
    """One sign for each step; a gap where the cut begins, and one behind it."""
    text = Text()
    opened = 0
    for act in acts:
        # Only the first cut step opens the cut: a stateful move has quiesce and switch in it.
        if act.name in gaps and opened < 2 and not (opened == 1 and act.name in CUT_STARTS):
            text.append(" ")
            opened += 1
        sign = SIGNS[act.state]
        text.append(sign, style=SIGN_STYLES.get(sign, "dim"))
    return text


def _current(
    seen: SeenRun, record: MoveRecord, acts: list[ActRecord], now: datetime, *, wide: bool
) -> Text:
    """The step that the move is at, in words: since when, until when at most."""
    act = next((act for act in acts if act.state not in _CALM), None)
    if act is None:
        act = next((act for act in acts if act.state is ActState.WAITING), None)
    if act is None:
        return Text("all steps done", style="green")
    word = STEPS.get(act.name) or UNDOS.get(act.name, "")
    name = f"{act.name} ({word})" if wide and word else act.name
    if act.state is ActState.STARTED and act.name in ENGINE_STEPS:
        return Text(f"{name}: {_checks_of(seen, record)}")
    if act.state is ActState.STARTED:
        since = _minutes(now, act.started)
        limit = f", at most until {seen.clock(act.limit_at)}" if wide and act.limit_at else ""
        tries = f", try {act.nth}" if act.nth > 1 else ""
        return Text(f"{name} for {since}{limit}{tries}", style="bold")
    if act.state is ActState.FAILED:
        return Text(f"{name} FAILED: {act.detail}", style="bold red")
    if act.state in {ActState.DOUBTED, ActState.UNKNOWN}:
        return Text(f"{name} in doubt: {act.detail or 'the world is asked'}", style="bold yellow")
    return Text(f"waits to {word or act.name}", style="dim")


def _checks_of(seen: SeenRun, record: MoveRecord) -> str:
    """Which checks a move waits for, and with whom they are."""
    parts = []
    for check in seen.run.checks_of[record.wave]:
        if record.id not in check.core:
            continue
        known = seen.run.checks.get(check.id)
        if known is None or known.attempt != record.attempt:
            parts.append("other moves first")
        elif known.state.value == "assigned":
            parts.append(f"with {_person(seen, known.person)}")
        elif known.state.value != "passed":
            parts.append("nobody is free" if known.state.value == "open" else known.state.value)
    return ", ".join(dict.fromkeys(parts)) or "all checks passed"


# --- people -------------------------------------------------------------------------------------


def wait_rows(seen: SeenRun, now: datetime) -> list[Text]:
    """What people must do, the most urgent first; a countdown wherever there is one."""
    rows: list[Text] = []
    for wait in people_waits(seen, now):
        if wait.waits_for == "a verdict":
            rows.append(_check_row(seen, wait, now))
        else:
            rows += _wait_rows(seen, wait, now)
    return rows


def _wait_rows(seen: SeenRun, wait: Wait, now: datetime) -> list[Text]:
    """What and by when in the first row; what is held or stuck has its cause and verbs below."""
    wave = seen.run.waves.get(wait.wave)
    state = wave.state.value if wave is not None else ""
    style = {"held": "bold yellow", "stuck": "bold red", "accepted": "dim"}.get(state, "bold")
    stands = state in {"held", "stuck"}
    what, _, cause = wait.what.partition(": ") if stands else (wait.what, "", "")
    row = Text()
    if wait.until is not None:
        row.append(f" {left(wait.until, now)} ", style="bold reverse")
        row.append(" ")
    row.append(what, style=style)
    if wait.until is not None:
        row.append(f"; at {seen.clock(wait.until)} {wait.then}")
    row.append(f"; {_person(seen, wait.on_whom)}", style="dim")
    if not stands:
        return [row]
    verbs = " | ".join(line.split(" RUN")[0] for line, _ in wait.choices)
    return [
        row,
        Text(f"    {cause}", style=style.removeprefix("bold ")),
        Text(f"    {verbs}: migrator decide {seen.name}", style="dim"),
    ]


def _check_row(seen: SeenRun, wait: Wait, now: datetime) -> Text:
    until = f"{left(wait.until, now)} left" if wait.until is not None else "no limit"
    row = Text(f"{wait.what}: ", style="")
    row.append(_person(seen, wait.on_whom), style="bold")
    row.append(f", {until} ({wait.subject})")
    return row


def _person(seen: SeenRun, who: str) -> str:
    member = seen.itinerary.members.get(who)
    return member.name if member is not None else who


def _minutes(now: datetime, since: datetime | None) -> str:
    if since is None:
        return "?"
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
