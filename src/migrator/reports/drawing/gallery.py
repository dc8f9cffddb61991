"""Every picture that a scene has the facts for, in the order in which people ask.

Called by the report's page and by `migrator draw`. Without a forecast those of chance are left out;
nothing is drawn in their place.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from migrator.reports.drawing import bridges, fan, graph, handlers, turn_back, waves
from migrator.reports.drawing.bridges import exposure_figure
from migrator.reports.drawing.fan import fan_figure
from migrator.reports.drawing.figure import Figure
from migrator.reports.drawing.graph import graph_figure
from migrator.reports.drawing.handlers import handlers_figure, teams_figure
from migrator.reports.drawing.scene import Scene
from migrator.reports.drawing.turn_back import turn_back_figure
from migrator.reports.drawing.waves import waves_figure
from migrator.reports.texts import Texts
from migrator.reports.words import practice_words

_MAKERS: Final[tuple[tuple[str, Callable[[Texts, Scene], Figure | None]], ...]] = (
    (waves.NAME, waves_figure),
    (turn_back.NAME, turn_back_figure),
    (fan.NAME, fan_figure),
    (bridges.NAME, exposure_figure),
    (handlers.HANDLERS, handlers_figure),
    (handlers.TEAMS, teams_figure),
    (graph.NAME, graph_figure),
)

NAMES: Final = tuple(name for name, _ in _MAKERS)

OF_A_FORECAST: Final = frozenset({turn_back.NAME, fan.NAME, handlers.TEAMS})
"""Pictures that are nothing but chance."""


def gallery(t: Texts, scene: Scene, only: Collection[str] = NAMES) -> tuple[Figure, ...]:
    """The pictures that can be drawn, of those asked for."""
    made = (make(t, scene) for name, make in _MAKERS if name in only)
    return tuple(figure for figure in made if figure is not None)


def about(t: Texts, scene: Scene, reference: str) -> str:
    """The line below a heading: what was drawn, and what the chances in it rest on."""
    said = [t._("Plan %(plan)s", plan=scene.itinerary.plan_name)]
    if scene.book is not None:
        words = practice_words(
            t, practice=scene.book.started.practice, target=scene.book.started.target
        )
        said = [t._("Run %(run)s", run=reference), words]
        if not scene.book.ended:
            said.append(t._("up to %(time)s", time=t.time(scene.book.end)))
    if scene.forecast is not None:
        drawn = t._(
            "forecast of %(weekends)s sampled weekends, seed %(seed)s",
            weekends=t.number(scene.forecast.weekends),
            seed=scene.forecast.seed,
        )
        at = scene.forecast.at
        said.append(drawn if at is None else f"{drawn}, {t.time(at)}")
    return " \N{MIDDLE DOT} ".join(said)
