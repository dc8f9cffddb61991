"""Calls between domains from their logs: counted once, and nothing dropped that no log explains."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.errors import InputError
from migrator.importers.casual_log import read_casual_log
from migrator.importers.draft import Draft

DAY = 86_400_000_000
START = 20_000 * DAY


def rows(service: str, parent: str, order: str, *times: int, code: str = "OK") -> str:
    return "".join(
        f"{service}|{parent}|1|e|g:b:1:1|{START + at}|{START + at + 5000}|0|{code}|{order}\n"
        for at in times
    )


def read(tmp_path: Path, **logs: str) -> Draft:
    words = []
    for domain, text in logs.items():
        path = tmp_path / f"{domain}.log"
        path.write_text(text, encoding="utf-8")
        words.append(str(path))
    return read_casual_log(words)


def ends(draft: Draft) -> list[tuple[str, str, int | None]]:
    return [(each.source, each.target, each.calls_per_day) for each in draft.links]


ORDERS = rows("orders/new", "", "S", 0, 2 * DAY)


def test_a_call_that_two_logs_tell_of_is_counted_once(tmp_path: Path) -> None:
    times = (0, DAY, 2 * DAY)
    orders = ORDERS + rows("pay/now", "orders/new", "C", *times)
    pay = rows("pay/now", "orders/new", "S", *times, code="TPESVCFAIL")
    draft = read(tmp_path, orders=orders, pay=pay)
    assert ends(draft) == [("orders", "pay", 1)]
    (evidence,) = draft.links[0].evidence
    assert (evidence.file, evidence.line) == ("pay.log", 1)
    assert "called pay/now 3 times from 2024-10-04T00:00Z" in evidence.what
    assert "100 % failed" in evidence.what
    assert evidence.what.endswith("busiest hour 00 UTC, in transactions")


def test_the_called_sides_log_alone_is_enough_where_the_caller_is_known(tmp_path: Path) -> None:
    pay = rows("pay/now", "orders/new", "S", 0, DAY)
    assert ends(read(tmp_path, orders=ORDERS, pay=pay)) == [("orders", "pay", 1)]


def test_calls_inside_a_domain_are_no_link(tmp_path: Path) -> None:
    draft = read(tmp_path, orders=ORDERS + rows("orders/check", "orders/new", "S", 0))
    assert (draft.links, draft.coverage.unresolved) == ((), ())


def test_a_call_into_a_domain_without_a_log_is_named(tmp_path: Path) -> None:
    draft = read(tmp_path, orders=ORDERS + rows("pay/now", "orders/new", "C", 0))
    (lost,) = draft.coverage.unresolved
    assert (lost.source, lost.name) == ("orders", "service pay/now")
    assert "no log of the other domain" in lost.why


def test_a_caller_that_no_log_shows_is_named(tmp_path: Path) -> None:
    (lost,) = read(tmp_path, pay=rows("pay/now", "who/knows", "S", 0)).coverage.unresolved
    assert lost.name == "caller who/knows"


def test_a_service_that_two_domains_run_proves_neither(tmp_path: Path) -> None:
    logs = {each: rows("pay/now", "", "S", 0) for each in ("one", "two")}
    draft = read(tmp_path, orders=ORDERS + rows("pay/now", "orders/new", "C", 0), **logs)
    assert draft.links == ()
    assert draft.coverage.unresolved[0].why == "one, two all run it"


def test_calls_from_two_domains_are_two_links(tmp_path: Path) -> None:
    out = rows("pay/now", "orders/new", "C", 0, DAY)
    logs = {"a": ORDERS + out, "b": ORDERS + out + out}
    pay = rows("pay/now", "orders/new", "S", *([0, DAY] * 3))
    assert ends(read(tmp_path, **logs, pay=pay)) == [("a", "pay", 1), ("b", "pay", 2)]


def test_entry_points_are_counted(tmp_path: Path) -> None:
    (note,) = read(tmp_path, orders=ORDERS).coverage.notes
    assert note.said.startswith("2 calls without a caller")


def test_a_log_may_be_given_with_its_domain(tmp_path: Path) -> None:
    for day in ("monday", "tuesday"):
        (tmp_path / f"{day}.log").write_text(ORDERS, encoding="utf-8")
    words = [f"orders={tmp_path / day}.log" for day in ("tuesday", "monday")]
    draft = read_casual_log(words)
    assert [each.id for each in draft.subsystems] == ["orders"]
    assert [(each.file, each.kinds) for each in draft.coverage.files] == [
        ("monday.log", (("line", 2),)),
        ("tuesday.log", (("line", 2),)),
    ]


def test_broken_and_cut_lines_are_in_the_report(tmp_path: Path) -> None:
    draft = read(tmp_path, orders=f"{ORDERS}what\n{ORDERS}cut")
    assert {"broken lines", "cut line"} <= {each.topic for each in draft.coverage.notes}
    assert [(each.file, each.line) for each in draft.coverage.ignored] == [("orders.log", 3)]


def test_a_log_that_is_not_there_is_input_to_mend(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_casual_log([str(tmp_path / "gone.log")])
    assert caught.value.reference == "import-path-missing"


def test_an_empty_delimiter_is_input_to_mend(tmp_path: Path) -> None:
    path = tmp_path / "orders.log"
    path.write_text(ORDERS, encoding="utf-8")
    with pytest.raises(InputError):
        read_casual_log([str(path)], delimiter="")
