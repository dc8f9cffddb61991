"""The pictures of a plan or a run as files: an SVG and a CSV each, and a page of them all.

Called by `migrator draw`. Texts in, texts out: who writes them where is the command's business. The
page needs no network and no other file; its links to the others are for those who want them alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migrator.reports.drawing.figure import Figure, alone, csv_text
from migrator.reports.drawing.gallery import NAMES, about
from migrator.reports.drawing.scene import Scene
from migrator.reports.html import environment
from migrator.reports.texts import Texts
from migrator.reports.words import practice_words

INDEX: Final = "index.html"
MARK: Final = '<meta name="generator" content="migrator draw">'
"""By this line a page says who wrote it, so that nobody else's is ever written over."""

FILES: Final = (INDEX, *(f"{name}.{kind}" for name in NAMES for kind in ("svg", "csv")))
"""Every file that can be among the pictures."""


def album(t: Texts, scene: Scene, figures: Sequence[Figure], reference: str) -> dict[str, str]:
    """The files by name. `reference` is the run's name, or empty for a plan."""
    line = about(t, scene, reference)
    found = {INDEX: album_html(t, scene, figures, reference)}
    for figure in figures:
        found[f"{figure.name}.svg"] = alone(figure, line)
        found[f"{figure.name}.csv"] = csv_text(t, figure.table)
    return found


def album_html(t: Texts, scene: Scene, figures: Sequence[Figure], reference: str) -> str:
    """The page of all pictures, with the table behind each."""
    book = scene.book
    mode = t._("PLAN: nothing has been moved")
    if book is not None:
        mode = practice_words(t, practice=book.started.practice, target=book.started.target)
    page = environment(t).get_template("album.html.jinja")
    return page.render(
        title=t._("Pictures: %(plan)s", plan=scene.itinerary.plan_name),
        name=scene.itinerary.plan_name,
        about=about(t, scene, reference),
        figures=figures,
        forecast=scene.forecast,
        mode_words=mode,
        live=book is not None and not book.started.practice,
        span=scene.end - scene.begin,
    )
