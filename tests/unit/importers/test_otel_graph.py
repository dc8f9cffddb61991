"""The service graph: counters, their resets, what is no system, what is missing or broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.draft import Draft
from migrator.importers.otel_graph import TOTAL, read_otel_graph
from migrator.inventory.model import Kind, LatencyClass

HOUR = 3600


def a_line(value: float, client: str = "web", server: str = "orders", more: str = "") -> str:
    return f'{TOTAL}{{client="{client}",server="{server}"{more}}} {value}\n'


def read(tmp_path: Path, *texts: str, window: float | None = None) -> Draft:
    paths = []
    for number, text in enumerate(texts):
        path = tmp_path / f"look-{number}.prom"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return read_otel_graph(paths, window_hours=window)


def a_matrix(*values: tuple[int, float], **labels: str) -> str:
    metric = {"__name__": TOTAL, "client": "web", "server": "orders", **labels}
    pairs = [[at, str(value)] for at, value in values]
    result = [{"metric": metric, "values": pairs}]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}})


def test_a_counter_over_a_known_time_is_calls_per_day(tmp_path: Path) -> None:
    (link,) = read(tmp_path, a_line(240), window=12).links
    assert (link.source, link.target, link.calls_per_day) == ("web", "orders", 480)
    assert (link.evidence[0].file, link.evidence[0].line) == ("look-0.prom", 1)


def test_a_counter_over_an_unknown_time_is_no_count(tmp_path: Path) -> None:
    (link,) = read(tmp_path, a_line(240)).links
    assert link.calls_per_day is None
    assert "240 requests over a time that nobody gave" in link.evidence[0].what


def test_a_counter_that_falls_was_started_anew(tmp_path: Path) -> None:
    text = a_matrix((0, 100), (HOUR, 150), (2 * HOUR, 10), (24 * HOUR, 30))
    (link,) = read(tmp_path, text).links
    assert link.calls_per_day == 50 + 10 + 20


def test_several_looks_stand_in_the_order_of_their_files(tmp_path: Path) -> None:
    (link,) = read(tmp_path, a_line(100), a_line(350), window=24).links
    assert link.calls_per_day == 250


def test_what_two_collectors_counted_is_added_up(tmp_path: Path) -> None:
    text = a_line(10, more=',instance="a"') + a_line(5, more=',instance="b"')
    (link,) = read(tmp_path, text, window=24).links
    assert link.calls_per_day == 15


def test_the_kind_of_connection_says_how_much_it_suffers(tmp_path: Path) -> None:
    text = a_line(1, server="db", more=',connection_type="database"')
    text += a_line(1, server="mail", more=',connection_type="messaging_system"')
    text += a_line(1, server="bank", more=',connection_type="virtual_node"')
    draft = read(tmp_path, text)
    assert [(each.target, each.protocol, each.latency) for each in draft.links] == [
        ("bank", "tcp", LatencyClass.INTERACTIVE),
        ("db", "database", LatencyClass.TRANSACTIONAL),
        ("mail", "messaging", LatencyClass.ASYNC),
    ]
    kinds = {each.name: each.kind for each in draft.subsystems}
    assert (kinds["db"], kinds["bank"]) == (Kind.STATEFUL, Kind.EXTERNAL)


def test_user_and_unknown_are_no_systems(tmp_path: Path) -> None:
    text = a_line(1) + a_line(7, client="user") + a_line(2, server="unknown")
    draft = read(tmp_path, text)
    assert [each.id for each in draft.subsystems] == ["orders", "web"]
    assert [each.what for each in draft.coverage.ignored] == [
        "user to orders, 7 calls",
        "web to unknown, 2 calls",
    ]


def test_unpaired_spans_make_the_graph_incomplete(tmp_path: Path) -> None:
    text = a_line(1) + 'traces_service_graph_unpaired_spans_total{client="web",server=""} 4\n'
    (note,) = read(tmp_path, text).coverage.notes
    assert (note.topic, note.said[:9]) == ("incomplete", "4 spans f")


def test_failures_stand_with_the_evidence(tmp_path: Path) -> None:
    text = a_line(9) + a_line(3).replace("request_total", "request_failed_total")
    assert "3 of them failed" in read(tmp_path, text).links[0].evidence[0].what


def test_a_function_over_the_counter_has_lost_its_name(tmp_path: Path) -> None:
    result = [{"metric": {"client": "web", "server": "orders"}, "value": [1, "96"]}]
    text = json.dumps({"data": {"resultType": "vector", "result": result}})
    assert read(tmp_path, text, window=24).links[0].calls_per_day == 96


def test_labels_may_hold_anything(tmp_path: Path) -> None:
    text = "# HELP x y\nother_total 3\n" + a_line(1, client='we\\"b, {x}') + "\n"
    assert [each.name for each in read(tmp_path, text).subsystems] == ["orders", 'we"b, {x}']


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("what is this\n", 1, "no line"),
        (a_line(1) + f"{TOTAL}{{client=web}} 1\n", 2, "labels"),
        (a_line(-1), 1, "no count"),
        (a_line(1).replace(" 1", " NaN"), 1, "no count"),
        ('{"data":\n{]', 2, "Expecting"),
        ('{"status": "error", "error": "too many samples"}', 1, "too many samples"),
        ('{"data": {"result": [{"metric": {"client": "a"}, "value": [1, "1"]}]}}', 1, "labels"),
        (a_matrix((0, 1)).replace('"1.0"', '"x"').replace('"1"', '"x"'), 1, "finite"),
        ("{" + '"a":{' * 100_000, None, ""),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, text: str, line: int | None, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, text)
    (fault, *_) = caught.value.faults
    assert said in fault.message
    assert line is None or fault.line == line


def test_a_graph_without_calls_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, a_line(1, client="user"))
    assert caught.value.reference == "import-no-calls"
