"""`migrator service` prints a unit that systemd understands and that keeps a run going."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import practising
from migrator.cli import app, plan_files, service
from migrator.cli.doctor_machine import OUTLIVE
from migrator.cli.service import Unit, stop_seconds, unit_text
from migrator.errors import InputError

UNIT = Unit(
    run="night-1",
    program=(sys.executable,),
    plan=Path("/srv/our plans/100%.yaml"),
    folder=Path("/"),
    store="/var/lib/migrator",
    speed=None,
    stop_seconds=7260,
    user="root",
)


def settings_of(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their capitals
    parser.read_string(text)
    return parser


def test_the_unit_has_what_keeps_a_run_going() -> None:
    unit = settings_of(unit_text(UNIT))
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    keys = unit["Service"]
    assert keys["Restart"] == "on-failure"
    assert keys["RestartPreventExitStatus"] == "2 3"
    assert (keys["KillMode"], keys["KillSignal"], keys["TimeoutStopSec"]) == (
        "mixed", "SIGTERM", "7260",
    )  # fmt: skip
    assert keys["StandardInput"] == "null"
    assert keys["WorkingDirectory"] == "/"
    assert keys["ExecStart"] == (
        f'{sys.executable} run "/srv/our plans/100%%.yaml" --name night-1 --or-continue --wall '
        "--store /var/lib/migrator --log json"
    )


def test_a_practice_unit_says_its_speed_and_the_store_its_server() -> None:
    unit = replace(UNIT, speed=600.0, store="postgresql+psycopg://ops@db/migrator")
    keys = settings_of(unit_text(unit, Path("/srv/estate")))
    assert " --speed 600 --inventory /srv/estate " in keys["Service"]["ExecStart"]
    assert "--wall" not in keys["Service"]["ExecStart"]
    assert keys["Unit"]["After"].endswith(" postgresql.service")


@pytest.mark.parametrize(("state", "starts"), [("ended", False), ("running", True)])
def test_a_run_that_is_over_is_not_led_again(state: str, starts: bool, tmp_path: Path) -> None:
    program = tmp_path / "migrator"
    program.write_text(f'#!/bin/sh\necho \'  "state": "{state}",\'\n', encoding="utf-8")
    program.chmod(0o755)
    text = unit_text(replace(UNIT, program=(str(program),)))
    line = settings_of(text)["Service"]["ExecCondition"]
    # As systemd reads it: its quotes taken away, its per cent and dollar signs made single.
    shell = re.fullmatch(r'/bin/sh -c "(.*)"', line)
    assert shell is not None
    asked = shell[1].replace('\\"', '"').replace("%%", "%").replace("$$", "$")
    done = subprocess.run(["/bin/sh", "-c", asked], check=False, timeout=10)
    assert (done.returncode == 0) is starts


def test_a_folder_that_would_begin_another_setting_is_refused() -> None:
    with pytest.raises(InputError):
        unit_text(replace(UNIT, folder=Path("/srv/a\nExecStart=/bin/rm")))


def test_the_longest_step_may_end_before_the_service_is_stopped() -> None:
    itinerary = practising.small_itinerary()
    minutes = itinerary.policy.step_minutes_max
    assert stop_seconds(itinerary, None) >= minutes * 60 + service.LEAVING_SECONDS
    assert stop_seconds(itinerary, 600.0) < stop_seconds(itinerary, None)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    file = tmp_path / "migrator-night-1.service"
    file.write_text(unit_text(UNIT), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(file)],  # noqa: S607 - where it is, varies
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    mine = [line for line in done.stderr.splitlines() if "migrator-night-1" in line]
    assert mine == []


def test_the_command_fills_in_where_it_was_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Opened:
        itinerary = staticmethod(practising.small_itinerary)

    monkeypatch.setattr(plan_files, "open_sound_plan", lambda _plan, _inventory: Opened)
    assert app.run(["service", "plan.yaml", "--name", "drill", "--format", "json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["name"] == "migrator-drill.service"
    keys = settings_of(facts["unit"])["Service"]
    assert keys["WorkingDirectory"] == str(Path.cwd())
    assert str(Path.cwd() / "plan.yaml") in keys["ExecStart"]
    assert Path(keys["ExecStart"].split()[0]).is_absolute()


def test_the_doctor_names_it_where_a_run_hangs_on_a_login() -> None:
    assert "migrator service PLAN" in OUTLIVE
