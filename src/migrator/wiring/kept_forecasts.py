"""The whole forecasts of a run, where its forecaster has kept them.

Called by commands that report or draw a run. The journal names forecasts by digest
(`ForecastMade`); whoever made them left the whole ones in a folder beside the store
(`forecast_process.py`). A file that is gone or is not what the journal names is no forecast: the
journal is the truth, and a picture without one is better than one of something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator.engine.events import ForecastMade, RunEnded
from migrator.engine.ports import Line
from migrator.errors import InputError
from migrator.forecast.model import Forecast
from migrator.forecast.text import digest_of, from_json
from migrator.store.find import find_run
from migrator.wiring.forecast_process import FORECASTS


def kept_forecast(
    run: str, folder: str | Path, lines: Sequence[Line], plan_digest: str
) -> Forecast | None:
    """The forecast that belongs beside a run and its plan; None where none was kept.

    Of a run that goes on it is the newest that its journal names. Of one that is over it is the
    first, made before most of it had happened: the last one knew how it ended, and tells nothing.
    """
    named = [line.event.digest for line in lines if isinstance(line.event, ForecastMade)]
    if not named:
        return None
    over = any(isinstance(line.event, RunEnded) for line in lines)
    store, name = find_run(run, folder)
    with store:
        place = store.folder / FORECASTS / name
    found = (_read(place, digest) for digest in (named if over else named[::-1]))
    # A plan that was replaced on the way has other waves.
    return next((each for each in found if each and each.plan_digest == plan_digest), None)


def _read(place: Path, digest: str) -> Forecast | None:
    path = place / f"{digest}.json"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if digest_of(text) != digest:
        return None
    try:
        return from_json(text, str(path))
    except InputError:
        # An earlier version wrote it, with other fields.
        return None
