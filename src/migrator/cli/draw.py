"""`migrator draw`: the pictures of a plan or of a run, as SVG and CSV files with a page of them.

Reads the plan or the run's journal, has a forecast made or reads one, and hands all of it to
`reports/album.py`. Draws nothing itself. The folder holds exactly what was drawn last: pictures of
an earlier time beside newer ones would be believed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from migrator.cli import output
from migrator.cli.forecast import THREADS, WEEKENDS_MAX
from migrator.cli.plan_files import InventoryOption
from migrator.cli.report import LanguageOption, language, write
from migrator.cli.runs import DEFAULT_STORE, StoreOption
from migrator.errors import EnvironmentFailed, InputError

if TYPE_CHECKING:
    from migrator.cli.plan_files import PlanWithInventory
    from migrator.forecast.model import Forecast
    from migrator.plan.model import Itinerary
    from migrator.reports.drawing.scene import Scene


def command(
    what: Annotated[str, typer.Argument(metavar="PLAN|RUN", help="A plan's file, or a run.")],
    *,
    folder: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where to [default: NAME-pictures]."),
    ] = None,
    forecast: Annotated[
        Path | None,
        typer.Option("--forecast", metavar="FILE", help="What `migrator forecast` wrote as JSON."),
    ] = None,
    weekends: Annotated[
        int | None,
        typer.Option(min=10, max=WEEKENDS_MAX, metavar="N", help="How many weekends to play."),
    ] = None,
    without: Annotated[
        bool, typer.Option("--no-forecast", help="Draw a plan without sampling weekends.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="NAME", help="Only this picture; may be repeated."),
    ] = None,
    lang: LanguageOption = None,
    inventory: InventoryOption = None,
    store: StoreOption = DEFAULT_STORE,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that no `draw` has written.")
    ] = False,
) -> None:
    """Draw a plan or a run: waves, turn-back, fan, exposure, handlers, teams, graph.

    \b
    Examples:
      migrator draw plans/ours.yaml -o pictures
      migrator draw plans/ours.yaml --only turn-back --only fan --lang sv
      migrator draw latest -o pictures --forecast forecast.json
      migrator draw plans/ours.yaml --no-forecast

    Each picture is an SVG for light and dark screens and for paper, with its table as CSV beside
    it; index.html shows them all. For a plan weekends are sampled, which takes some seconds.
    """
    from migrator.reports.album import album
    from migrator.reports.drawing.gallery import gallery
    from migrator.reports.texts import texts

    names = _names(only or [])
    if without and (forecast is not None or weekends is not None):
        raise InputError("usage", "--no-forecast wants no weekends", hint="leave one of them out")
    if Path(what).is_file():
        scene, reference = _planned(what, forecast, weekends, inventory, without=without), ""
    else:
        scene, reference = _played(what, forecast, store)
    t = texts(language(lang), scene.itinerary.window.time_zone)
    figures = gallery(t, scene, names)
    if not figures:
        raise InputError(
            "nothing-to-draw",
            f"there are no facts for {', '.join(names)} in {what}",
            hint="pictures of chance want a forecast, those of links want links",
        )
    to = folder or Path(f"{reference or Path(what).stem}-pictures")
    files = album(t, scene, figures, reference)
    _write(to, files, force=force)
    missing = [name for name in names if f"{name}.svg" not in files]
    if missing:
        output.say(f"not drawn, as there are no facts for it: {', '.join(missing)}")
    output.say(f"written: {to}/index.html and {len(files) - 1} files beside it")


def _names(only: list[str]) -> tuple[str, ...]:
    """The pictures asked for; all of them where none is named."""
    from migrator.reports.drawing.gallery import NAMES

    unknown = sorted(set(only) - set(NAMES))
    if unknown:
        raise InputError(
            "usage", f"there is no picture '{unknown[0]}'", hint=f"name one of {', '.join(NAMES)}"
        )
    return tuple(name for name in NAMES if not only or name in only)


def _planned(
    what: str, file: Path | None, weekends: int | None, inventory: Path | None, *, without: bool
) -> Scene:
    """A plan, with the forecast in the file, else with one that is made now."""
    from migrator.cli.plan_files import open_sound_plan
    from migrator.reports.drawing.scene import scene_of_plan

    opened = open_sound_plan(Path(what), inventory)
    itinerary = opened.itinerary()
    found = _read(file, itinerary)
    if found is None and not without:
        found = _made(opened, weekends)
    return scene_of_plan(itinerary, found)


def _played(what: str, file: Path | None, store: str) -> tuple[Scene, str]:
    """A run with the forecast in the file, else one that was kept with it; and the run's name."""
    from migrator.reports.drawing.scene import scene_of_run
    from migrator.reports.teller import tell
    from migrator.wiring import open_run
    from migrator.wiring.kept_forecasts import kept_forecast

    if Path(what).suffix in {".yaml", ".yml"}:
        raise InputError(
            "plan-not-found", f"there is no plan file {what}", hint="name a plan's file, or a run"
        )
    with output.progress("Reading the run"):
        itinerary, lines, ledger = open_run(what, store)
        book = tell(itinerary, lines, ledger)
    found = _read(file, book.itinerary)
    if found is None:
        found = kept_forecast(book.started.name, store, lines, book.itinerary.plan_digest)
    return scene_of_run(book, lines, found), book.started.name


def _read(file: Path | None, itinerary: Itinerary) -> Forecast | None:
    """The forecast in a file; refused where it is of another plan."""
    if file is None:
        return None
    from migrator.forecast.text import from_json
    from migrator.inventory.text_file import read_text_file

    missing = InputError(
        "forecast-not-found",
        f"there is no forecast {file}",
        hint="`migrator forecast PLAN --format json` prints one",
    )
    found = from_json(read_text_file(file, missing), str(file))
    if found.plan_digest != itinerary.plan_digest:
        raise InputError(
            "forecast-of-another-plan",
            f"{file} is a forecast of {found.plan}, as it was then, and not of this plan",
            hint="make it anew with `migrator forecast PLAN --format json`",
        )
    return found


def _made(opened: PlanWithInventory, weekends: int | None) -> Forecast:
    """A forecast made now."""
    from migrator.schedule.process import Kernel, KernelFailed
    from migrator.wiring.forecasting import WEEKENDS, forecast_plan

    try:
        with output.progress("Playing weekends"), Kernel(threads=THREADS) as kernel:
            return forecast_plan(
                opened.plan,
                opened.inventory,
                opened.pairs,
                kernel=kernel,
                weekends=weekends or WEEKENDS,
            )
    except KernelFailed as failed:
        raise EnvironmentFailed(
            "forecast-no-answer",
            str(failed),
            hint="draw without it (--no-forecast); `migrator doctor` says what this machine lacks",
        ) from failed


def _write(folder: Path, files: dict[str, str], *, force: bool) -> None:
    """Write the files, and take away those of an earlier drawing that are not among them."""
    from migrator.reports.album import FILES, INDEX, MARK

    index = folder / INDEX
    ours = index.is_file() and MARK in index.read_text(encoding="utf-8", errors="replace")
    there = [] if ours or force else [name for name in sorted(files) if (folder / name).exists()]
    if there or (folder.exists() and not folder.is_dir()):
        what = f"holds {there[0]}, which no drawing wrote" if there else "is a file"
        raise InputError(
            "draw-folder-not-ours",
            f"{folder} {what}",
            hint="name another folder with -o, or write over it with --force",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            "output-not-possible",
            f"the folder {folder} cannot be made ({error.strerror})",
            hint="name a folder that you may write",
        ) from error
    for name in FILES:
        if ours and name not in files:
            (folder / name).unlink(missing_ok=True)
    # The page comes last, so that it never shows what is not there yet.
    for name in sorted(files, key=lambda each: (each == INDEX, each)):
        write(folder / name, files[name])
