"""The metrics: what happened is counted once, labels stay few, and only this machine reads them."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from itineraries import an_itinerary
from migrator.conductor.metrics import (
    LOOPBACK,
    Address,
    Metrics,
    MetricsPage,
    TimedJournal,
    read_address,
)
from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.ports import Entry, Line
from migrator.engine.run import Run, new_run
from migrator.engine.states import ActState, WaveState
from migrator.errors import EnvironmentFailed, InputError, JournalError
from migrator.platform.simulated.faults import PlannedFault
from migrator.store.memory import MemoryJournal
from stage import Stage

AT = datetime(2023, 10, 14, 1, tzinfo=UTC)


def value(metrics: Metrics, name: str, **labels: str) -> float:
    found = metrics.registry.get_sample_value(f"migrator_{name}", labels)
    return 0.0 if found is None else found


def a_line(event: ev.Event, minutes: float = 0, seq: int = 2) -> Line:
    return Line(seq, AT + timedelta(minutes=minutes), 5, "engine", event, "0" * 64, "f" * 64)


def told(run: Run, *events: ev.Event) -> Metrics:
    """Metrics of a run that were told of these lines, a minute apart."""
    metrics = Metrics()
    metrics.on_commit(run, [a_line(event, n, n + 1) for n, event in enumerate(events)])
    return metrics


def a_run() -> Run:
    return new_run(an_itinerary(waves=("ab", "c")))


def played(stage: Stage) -> Metrics:
    metrics = Metrics()
    metrics.begins("weekend", stage.run)
    stage.conductor.journal = metrics.timed(stage.conductor.journal)
    stage.conductor.listeners.append(metrics.on_commit)
    stage.play()
    return metrics


def test_every_line_of_a_weekend_is_counted_once_by_its_kind() -> None:
    stage = Stage(an_itinerary(waves=("ab", "c")))
    metrics = played(stage)
    kinds = [type(line.event).__name__ for line in stage.lines[1:]]
    counted = {kind: value(metrics, "events_total", kind=kind) for kind in ev.KINDS}
    assert counted == {kind: float(kinds.count(kind)) for kind in ev.KINDS}


def test_steps_are_counted_by_kind_and_outcome() -> None:
    faults = [PlannedFault("step_fails", "a", "copy", times=1)]
    metrics = played(Stage(an_itinerary(waves=("ab",)), faults))
    assert value(metrics, "acts_ended_total", kind="copy", outcome="failed") == 1
    assert value(metrics, "acts_ended_total", kind="copy", outcome="done") == 2


def test_duration_of_a_step_is_in_run_seconds() -> None:
    metrics = told(
        a_run(),
        ev.StepStarted("a", "copy", 1, 1, "t", AT),
        ev.StepStarted("b", "copy", 1, 1, "t", AT),
        ev.StepEnded("a", "copy", 1, "done", ""),
        ev.StepEnded("b", "copy", 1, "failed", ""),
    )
    assert value(metrics, "act_run_seconds_sum", kind="copy") == 240
    assert value(metrics, "act_run_seconds_bucket", kind="copy", le="60.0") == 0
    assert value(metrics, "act_run_seconds_bucket", kind="copy", le="120.0") == 2


def test_step_that_an_earlier_process_began_has_its_whole_duration() -> None:
    run = a_run()
    record = run.moves["a"].undos["remove"]
    record.state, record.started = ActState.STARTED, AT - timedelta(minutes=5)
    run.in_flight["a", "remove"] = record
    metrics = Metrics()
    metrics.begins("weekend", run)
    metrics.on_commit(run, [a_line(ev.UndoEnded("a", "remove", 1, "done", ""))])
    assert value(metrics, "act_run_seconds_sum", kind="remove") == 300


def test_doubted_step_has_an_outcome_and_no_duration() -> None:
    metrics = told(
        a_run(),
        ev.StepStarted("a", "copy", 1, 1, "t", AT),
        ev.StepDoubted("a", "copy", 1),
        ev.StepSettled("a", "copy", 1, "not_done", ""),
        ev.StepEnded("a", "copy", 1, "done", ""),
    )
    assert value(metrics, "acts_ended_total", kind="copy", outcome="not_done") == 1
    assert value(metrics, "act_run_seconds_count", kind="copy") == 0


def test_waves_checks_holds_and_acts_stand_as_the_run_does() -> None:
    stage = Stage(an_itinerary(waves=("ab", "c")))
    metrics = played(stage)
    assert value(metrics, "waves", state="committed") == 2
    assert value(metrics, "waves", state="planned") == 0
    assert value(metrics, "checks", state="passed") == 2
    assert value(metrics, "subsystems", authority="new") == 3
    assert value(metrics, "holds_open", trouble="step_failed") == 0
    assert value(metrics, "acts_in_flight") == 0
    assert value(metrics, "run_state", state="ended") == 1
    assert value(metrics, "last_line_seq") == len(stage.lines)
    assert value(metrics, "epoch") == 1


def test_hold_is_open_by_its_trouble_and_refused_checks_are_seen() -> None:
    itinerary = an_itinerary(waves=("ab",))
    faults = [PlannedFault("handler_says_no")]
    stage, metrics = Stage(itinerary, faults), Metrics()
    seen: list[tuple[float, float, float]] = []

    def look(run: Run, lines: Sequence[Line]) -> None:
        metrics.on_commit(run, lines)
        if run.waves["w1"].state is WaveState.HELD:
            seen.append(
                (
                    value(metrics, "holds_open", trouble="refused"),
                    value(metrics, "checks", state="refused"),
                    value(metrics, "waves", state="held"),
                )
            )

    stage.conductor.listeners.append(look)
    stage.play()
    assert seen[0] == (1.0, 1.0, 1.0)
    assert value(metrics, "holds_open", trouble="refused") == 0


def test_gauges_after_every_commit_are_what_the_run_says() -> None:
    """Commits of acts alone are shown in part only; nothing may be missed by that."""
    faults = [PlannedFault("step_fails", "a", "copy", times=9), PlannedFault("handler_says_no")]
    stage, metrics = Stage(an_itinerary(waves=("ab", "c")), faults), Metrics()
    wrong: list[int] = []

    def compare(run: Run, lines: Sequence[Line]) -> None:
        metrics.on_commit(run, lines)
        fresh = Metrics()
        fresh.begins("weekend", run)
        if states(metrics) != states(fresh):
            wrong.append(lines[-1].seq)

    metrics.begins("weekend", stage.run)
    stage.conductor.listeners.append(compare)
    stage.play()
    assert len(stage.lines) > 50
    assert wrong == []


def states(metrics: Metrics) -> dict[str, float]:
    """Every gauge that shows the run as it stands."""
    shown = ("run_state", "waves", "checks", "subsystems", "holds", "acts_in", "acts_un", "stalls",
             "disturbances")  # fmt: skip
    return {
        f"{sample.name}{sample.labels}": sample.value
        for family in metrics.registry.collect()
        if family.name.removeprefix("migrator_").startswith(shown)
        for sample in family.samples
    }


def test_last_lines_time_is_told_by_both_clocks() -> None:
    before = datetime.now(UTC).timestamp()
    metrics = told(a_run(), ev.RunPaused(""))
    assert value(metrics, "last_line_run_timestamp_seconds") == AT.timestamp()
    assert value(metrics, "last_line_timestamp_seconds") >= before


def test_open_disturbances_are_shown_by_their_level() -> None:
    opened = [
        ev.DisturbanceOpened(name, name, "", "person", "odd", "anna", "anna", AT, "policy")
        for name in ("D1", "D2", "D3")
    ]
    red = ev.DisturbanceReddened("D2", "", "not mended", holds=False)
    closed = ev.DisturbanceClosed("D3", "", "a rule", "removed", "anna")
    run = a_run()
    for event in (*opened, red, closed):
        apply(run, AT, event)
    metrics = told(run, closed)
    assert value(metrics, "disturbances_open", level="yellow") == 1
    assert value(metrics, "disturbances_open", level="red") == 1


def test_verbs_are_counted_by_their_answer() -> None:
    metrics = told(
        a_run(),
        ev.CommandTaken("1", "hold", "w1", "anna", True, "", 1),
        ev.CommandRefused("2", "hold", "w1", "anna", "no"),
    )
    assert value(metrics, "commands_total", verb="hold", answer="taken") == 1
    assert value(metrics, "commands_total", verb="hold", answer="refused") == 1


def test_words_from_outside_share_one_label() -> None:
    metrics = told(
        a_run(),
        ev.CommandRefused("1", "hunter2", "", "anna", "no"),
        ev.CommandRefused("2", "hunter3", "", "anna", "no"),
        ev.StepEnded("a", "copy", 1, "exploded", ""),
    )
    assert value(metrics, "commands_total", verb="other", answer="refused") == 2
    assert value(metrics, "acts_ended_total", kind="copy", outcome="other") == 1


def test_page_is_as_small_for_many_subsystems_as_for_few() -> None:
    few = played(Stage(an_itinerary(waves=("a", "b"))))
    many = played(Stage(an_itinerary(waves=("abcdef", "ghijkl"))))
    assert series(many) == series(few)


def series(metrics: Metrics) -> int:
    return sum(len(family.samples) for family in metrics.registry.collect())


def test_commits_are_timed() -> None:
    stage = Stage(an_itinerary(waves=("a",)))
    metrics = played(stage)
    commits = value(metrics, "commit_seconds_count")
    assert 10 < commits < len(stage.lines)
    assert value(metrics, "commit_seconds_sum") > 0
    assert value(metrics, "commits_failed_total") == 0


def test_commit_that_is_refused_is_counted_and_still_refused() -> None:
    took: list[float] = []
    failed: list[int] = []

    class Fenced(MemoryJournal):
        def append(self, entries: Sequence[Entry]) -> tuple[Line, ...]:
            raise JournalError("epoch-passed", "another process leads", hint="leave")

    itinerary = an_itinerary(waves=("a",))
    journal = TimedJournal(Fenced("w", itinerary), took.append, lambda: failed.append(1))
    with pytest.raises(JournalError):
        journal.append([Entry(AT, "engine", ev.RunPaused(""))])
    assert (took, failed) == ([], [1])
    assert (tuple(journal.lines()), journal.take_commands()) == ((), ())
    assert journal.itinerary() is itinerary


def test_lines_that_the_log_lost_are_asked_for_at_each_look() -> None:
    metrics, lost = Metrics(), [0]
    metrics.counts_drops(lambda: lost[0])
    lost[0] = 3
    assert value(metrics, "log_lines_dropped") == 3


# --- the page -----------------------------------------------------------------------------------


def fetch(address: str) -> str:
    assert address.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own page
        return str(answer.read().decode())


def test_page_is_served_to_this_machine_and_read_by_prometheus_own_parser() -> None:
    metrics = told(a_run(), ev.RunPaused(""))
    page = MetricsPage(metrics.registry, Address(LOOPBACK, 0))
    try:
        families = {f.name: f for f in text_string_to_metric_families(fetch(str(page.address)))}
    finally:
        page.close()
    assert families["migrator_events"].type == "counter"
    assert families["migrator_commit_seconds"].type == "histogram"
    assert "process_resident_memory_bytes" in families
    assert not [name for name in families if name.endswith("_created")]


def test_other_paths_say_where_the_metrics_are() -> None:
    page = MetricsPage(Metrics().registry, Address(LOOPBACK, 0))
    try:
        with pytest.raises(urllib.error.HTTPError, match="404") as caught:
            fetch(str(page.address).replace("/metrics", "/metric"))
        with caught.value as error:
            assert error.read() == b"the metrics are at /metrics\n"
    finally:
        page.close()


def test_port_that_is_taken_is_named() -> None:
    page = MetricsPage(Metrics().registry, Address(LOOPBACK, 0))
    try:
        with pytest.raises(EnvironmentFailed, match=str(page.address.port)) as caught:
            MetricsPage(Metrics().registry, page.address)
    finally:
        page.close()
    assert caught.value.reference == "metrics-port"


def test_closed_page_gives_its_port_back() -> None:
    page = MetricsPage(Metrics().registry, Address(LOOPBACK, 0))
    page.close()
    MetricsPage(Metrics().registry, page.address).close()


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("9464", "http://127.0.0.1:9464/metrics"),
        ("127.0.0.1:9464", "http://127.0.0.1:9464/metrics"),
        ("127.8.0.1:9464", "http://127.8.0.1:9464/metrics"),
        ("localhost:9464", "http://127.0.0.1:9464/metrics"),
        ("[::1]:9464", "http://[::1]:9464/metrics"),
    ],
)
def test_address_of_this_machine_is_read(text: str, link: str) -> None:
    assert str(read_address(text)) == link


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0:9464", "[::]:9464", "192.0.2.7:9464", "db.example:9464", "localhost.example:1"],
)
def test_address_that_others_can_reach_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="this machine only") as caught:
        read_address(text)
    assert caught.value.reference == "metrics-address"


@pytest.mark.parametrize("text", ["0", "65536", "-1", "web", "", "127.0.0.1:", "9464 ", "²"])
def test_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no port"):
        read_address(text)


def test_every_metric_is_documented(root: Path) -> None:
    page = (root / "docs" / "observability.md").read_text(encoding="utf-8")
    ours = {
        family.name + ("_total" if family.type == "counter" else "")
        for family in Metrics().registry.collect()
        if family.name.startswith("migrator_")
    }
    assert len(ours) > 15
    assert [name for name in sorted(ours) if f"`{name}`" not in page] == []
    named = set(re.findall(r"`(migrator_[a-z_]+)`", page))
    assert named - ours == set(), "the page names a metric that is not there"
