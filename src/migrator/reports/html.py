"""StoryBook -> one self-contained HTML page; also the one place where templates are opened.

Called by the CLI. The page needs no network: its style block and its pictures are inside. Every
value is escaped by Jinja; only our own SVG and CSS are marked as safe. `paper.py` and `brief.py`
use `environment` for their pages, so that all pages share one frame, one style and one banner.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from migrator.engine.ports import Line
from migrator.forecast.model import Forecast
from migrator.plan.digest import grouped
from migrator.reports import disturbed, foretold, narrative, noted, pictures, words
from migrator.reports.assumed import assumed_fields, field_words
from migrator.reports.drawing.figure import Figure, inline, table_html
from migrator.reports.drawing.gallery import gallery
from migrator.reports.drawing.scene import scene_of_run
from migrator.reports.drawing.style import DARK, LIGHT, PAPER, RULES, variables
from migrator.reports.story import StoryBook
from migrator.reports.texts import Texts, texts

TEMPLATES: Final = "templates"
ROWS_MAX: Final = 150
"""Rows of a table behind a picture; the whole one is what `migrator draw` writes."""

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the first screen, with what it counts."""

    figure: str
    what: str
    tone: str


def environment(t: Texts, *, autoescape: bool = True) -> Environment:
    """Jinja for pages in one language; without escaping for plain text only."""
    return _environment(t.language, t.zone.key, autoescape)


@cache
def _environment(language: str, zone: str, autoescape: bool) -> Environment:  # noqa: FBT001
    """Kept, since compiling the templates takes longer than filling them."""
    t = texts(language, zone)
    env = Environment(
        loader=PackageLoader("migrator.reports", TEMPLATES),
        autoescape=autoescape,  # noqa: S701 - off for plain text only
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_callables(  # type: ignore[attr-defined] # added by the extension
        t.catalogue.gettext, t.catalogue.ngettext, newstyle=True
    )
    env.filters["zipped"] = _zipped
    env.filters["whole"] = whole_times
    env.filters["subsystem_name"] = _named
    env.filters["translated"] = t._
    env.globals.update(t=t, words=words, narrative=narrative, noted=noted)
    env.globals.update(css_text=css_text, grouped=grouped, disturbed=disturbed)
    env.globals.update(
        light=Markup(variables(LIGHT)),  # noqa: S704 - our own colours
        dark=Markup(variables(DARK)),  # noqa: S704
        paper_colours=Markup(variables(PAPER)),  # noqa: S704
        picture_rules=Markup(RULES),  # noqa: S704
        drawn=drawn,
        svg=svg,
        table_of=table_of,
        rows_max=ROWS_MAX,
    )
    return env


def whole_times(text: str) -> Markup:
    """A sentence whose dates and hours are not broken over two lines."""
    safe = str(escape(text))
    return Markup(_TIME.sub(r'<span class="whole">\g<0></span>', safe))  # noqa: S704 - escaped above


def _named(subsystem: str, name: Callable[[str], str]) -> str:
    return name(subsystem)


def _zipped(left: Sequence[object], right: Sequence[object]) -> list[tuple[object, object]]:
    return list(zip(left, right, strict=True))


def css_text(text: str) -> Markup:
    """A text as a CSS string: a style block knows no entities, so all is escaped by number."""
    safe = re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found.group()):x} ", text)
    return Markup(f'"{safe}"')  # noqa: S704 - nothing but letters, digits, blanks and escapes


def report_html(
    t: Texts,
    book: StoryBook,
    lines: Sequence[Line],
    reference: str,
    forecast: Forecast | None = None,
) -> str:
    """The page. `reference` is the run's name as the operator's commands take it.

    The pictures of chance are there where a forecast is.
    """
    scene = scene_of_run(book, lines, forecast)
    page = environment(t).get_template("report.html.jinja")
    return page.render(
        title=t._("Report: %(plan)s", plan=book.itinerary.plan_name),
        book=book,
        it=book.itinerary,
        run=reference,
        practice=book.started.practice,
        mode_words=words.practice_words(
            t, practice=book.started.practice, target=book.started.target
        ),
        sentences=narrative.three_sentences(t, book),
        tiles=tiles(t, book),
        forecast=forecast,
        expected=foretold.sentences(t, book),
        expected_rows=foretold.rows(t, lines),
        figures={figure.name: figure for figure in gallery(t, scene)},
        moves_picture=lambda wave, attempt: svg(pictures.moves_picture(t, wave, attempt, book.end)),
        span=scene.end - scene.begin,
        assumed=assumed_fields(book.itinerary),
        field_words=lambda field: field_words(t, field),
        last_looks=last_looks,
    )


def table_of(t: Texts, figure: Figure, span: timedelta) -> Markup:
    """The table behind a picture, whose cells were escaped when it was made; its first rows only.

    Tens of thousands of pairs would make the page one that no browser opens.
    """
    table = figure.table
    kept = replace(table, rows=table.rows[:ROWS_MAX])
    return Markup(table_html(t, kept, span))  # noqa: S704 - made by figure.py, which escapes


def drawn(figure: Figure) -> Markup:
    """The picture behind its own heading and legend."""
    return svg(inline(figure))


def svg(text: str) -> Markup:
    """Our own picture, whose texts were escaped when it was drawn."""
    return Markup(text)  # noqa: S704 - made by svg.py, which escapes


def last_looks(looks: Sequence[object]) -> list[object]:
    """The last look of each kind, in the order in which the kinds were first taken."""
    return list({getattr(look, "look", ""): look for look in looks}.values())


def tiles(t: Texts, book: StoryBook) -> tuple[Tile, ...]:
    """The counts of the first screen; the ledger's only where a simulated world kept one."""
    counts = book.counts
    found = [
        Tile(
            t._("%(part)s of %(whole)s", part=t.number(counts.moved),
                whole=t.number(counts.planned)),
            t._("subsystems moved"),
            "good" if counts.moved == counts.planned else "calm",
        ),
        Tile(t.number(counts.returned), t._("taken back"), _if(counts.returned, "warn")),
        Tile(t.number(counts.blocked), t._("never begun"), _if(counts.blocked, "warn")),
        Tile(t.number(counts.stuck), t._("stuck"), _if(counts.stuck, "bad")),
        Tile(
            t._("%(part)s of %(whole)s", part=t.number(counts.checks_passed),
                whole=t.number(counts.checks)),
            t.ngettext(
                "checks verified, by %(num)s handler",
                "checks verified, by %(num)s handlers",
                counts.handlers,
            ),
            "good" if counts.checks_passed == counts.checks else "calm",
        ),
        Tile(
            t.number(len(book.exceptions)),
            t._("exceptions from the rules"),
            _if(len(book.exceptions), "warn"),
        ),
    ]  # fmt: skip
    if book.ledger is not None:
        seconds = book.ledger.both_live_seconds
        found.append(
            Tile(
                t._(
                    "%(seconds)s s", seconds=t.number(seconds, 0 if seconds == int(seconds) else 1)
                ),
                t._("with both sides live"),
                "bad" if seconds else "good",
            )
        )
        found.append(
            Tile(
                f"{t.number(book.ledger.rows_lost)} / {t.number(book.ledger.effects_doubled)}",
                t._("rows lost / effects doubled"),
                "bad" if book.ledger.rows_lost or book.ledger.effects_doubled else "good",
            )
        )
    return tuple(found)


def _if(count: int, tone: str) -> str:
    return tone if count else "calm"
