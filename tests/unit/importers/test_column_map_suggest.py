"""A draft of a map: found by names and values, says how sure it is, and can be read as a map."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrator.importers.column_map import bind, read_column_map
from migrator.importers.column_map_suggest import Suggestion, suggest_map


def drafted(folder: Path, text: str) -> Suggestion:
    path = folder / "flows.csv"
    path.write_text(text, encoding="utf-8")
    return suggest_map(path)


def columns_of(draft: Suggestion) -> dict[str, str]:
    return {each.role: each.column for each in draft.guesses}


FIREWALL = """\
Start Time;SRC_IP;srcPort;DstIp;dst_port;proto;action;Sessions
28/03/2026 10:00;10.0.0.1;5000;10.0.0.2;443;TCP;allow;3
29/03/2026 11:00;10.0.0.1;5001;10.0.0.3;443;TCP;deny;1
"""


def test_a_firewalls_table_is_understood(tmp_path: Path) -> None:
    draft = drafted(tmp_path, FIREWALL)
    assert columns_of(draft) == {
        "source_ip": "SRC_IP",
        "target_ip": "DstIp",
        "protocol": "proto",
        "port": "dst_port",
        "calls": "Sessions",
        "first_seen": "Start Time",
    }
    assert {each.sure for each in draft.guesses} == {"sure"}
    assert (draft.time_formats, draft.times_doubtful) == (("%d/%m/%Y %H:%M",), False)
    assert draft.verdicts == ("action",)
    assert "srcPort" in draft.unused


def test_a_draft_is_a_map_that_fits_its_file(tmp_path: Path) -> None:
    draft = drafted(tmp_path, FIREWALL)
    (tmp_path / "map.yaml").write_text(draft.text, encoding="utf-8")
    column_map = read_column_map(tmp_path / "map.yaml")
    reading = bind(column_map, FIREWALL.splitlines()[0].split(";"), 8, "flows.csv")
    assert reading.roles["port"] == (4,)
    assert reading.time_formats == ("%d/%m/%Y %H:%M",)


def test_a_swedish_header_is_understood(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "Från;Till;Protokoll;Antal anrop\nwebb;lager;tcp;12\n")
    assert columns_of(draft) == {
        "source": "Från",
        "target": "Till",
        "protocol": "Protokoll",
        "calls": "Antal anrop",
    }


def test_values_that_speak_against_a_name_make_it_less_sure(tmp_path: Path) -> None:
    text = "from,to,port\na,b,443\na,b,many\n"
    (port,) = [each for each in drafted(tmp_path, text).guesses if each.role == "port"]
    assert port.sure == "likely"
    nothing = "from,to,port\na,b,few\na,b,many\n"
    assert "port" not in columns_of(drafted(tmp_path, nothing))


def test_values_alone_are_a_guess(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "from,to,x,y\na,b,tcp,2026-01-01\na,b,udp,2026-01-02\n")
    guesses = {each.role: each.sure for each in draft.guesses}
    assert guesses["protocol"] == "guess"
    assert guesses["first_seen"] == "guess"


def test_day_and_month_that_may_be_confused_are_said(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "from,to,date\na,b,03/04/2026\n")
    assert draft.times_doubtful
    assert "the other way round" in draft.text


@pytest.mark.parametrize(
    ("value", "form"),
    [
        ("1767225600", "epoch"),
        ("1767225600123", "epoch_ms"),
        ("31.12.2026 10:00", "%d.%m.%Y %H:%M"),
    ],
)
def test_formats_of_times_are_found(tmp_path: Path, value: str, form: str) -> None:
    assert drafted(tmp_path, f"from,to,time\na,b,{value}\n").time_formats == (form,)


def test_what_is_not_found_is_said_and_not_made_up(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "x,y\n1,2\n")
    assert draft.guesses == ()
    assert {"source", "target"} <= set(draft.missing)
    assert "no column looks like it" in draft.text
