"""`migrator rehearse` refuses what it cannot do before it plays anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from live_estate import a_live_plan
from migrator.cli import app


def test_many_weekends_are_not_forecast_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = a_live_plan(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert app.run(["rehearse", str(plan), "--seeds", "1-3", "--forecast"]) == 2
    assert "--forecast is for one weekend" in capsys.readouterr().err
