"""What every picture is made of: its drawing, its words, its legend and the table behind it.

Made by the modules beside this one, each of which draws one kind of picture; read by `files.py`
and by the report's page. A table's cells stay values, so that a page shows them in the reader's
language and a CSV file as a program reads them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final, TypeAlias

from migrator.reports.drawing.style import own_style
from migrator.reports.svg import TICK_WIDTH, element, fitted, label, picture
from migrator.reports.texts import Texts

Cell: TypeAlias = datetime | float | int | str | None

WIDTH: Final = 920
FOOT: Final = 44
"""Room below a time axis for its hours and days."""

MARGIN: Final = 20
KEY_WIDTH: Final = 38
KEY_HEIGHT: Final = 22
HEAD: Final = 58


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: `key` in a CSV file, `title` on a page."""

    key: str
    title: str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """The same facts as the picture's. An empty cell (None) says that something is not known."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Key:
    """An entry of the legend; the swatch is drawn in a box of 30 by 14."""

    swatch: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture. `notes` are sentences about what it shows and what it does not."""

    name: str  # also the file's, and that of --only
    title: str
    description: str
    height: int
    body: str
    keys: tuple[Key, ...]
    notes: tuple[str, ...]
    table: Table


def inline(figure: Figure) -> str:
    """The picture for a page that carries the style, and prints heading and legend itself."""
    return picture(figure.name, WIDTH, figure.height, figure.title, figure.description, figure.body)


def alone(figure: Figure, subtitle: str) -> str:
    """The picture as a file of its own, with heading, legend, notes and style."""
    legend, below = _legend(figure.keys, HEAD + figure.height + 12)
    notes = []
    for note in figure.notes:
        for line in _lines(note, WIDTH):
            notes.append(label(0, below + 16, line, class_="tick"))
            below += 17
    parts = [
        element("style", own_style()),
        element("rect", x=-MARGIN, y=-MARGIN, width=WIDTH + 2 * MARGIN,
                height=below + 2 * MARGIN, class_="ground"),
        label(0, 18, figure.title, class_="heading"),
        label(0, 38, fitted(subtitle, WIDTH), class_="tick"),
        element("g", figure.body, transform=f"translate(0 {HEAD})"),
        legend,
        *notes,
    ]  # fmt: skip
    drawn = picture(
        figure.name, WIDTH, figure.height, figure.title, figure.description, "".join(parts)
    )
    box = f'viewBox="0 0 {WIDTH} {figure.height}"'
    wide, high = WIDTH + 2 * MARGIN, int(below) + 2 * MARGIN
    assert box in drawn, "the frame is widened by name"
    framed = f'viewBox="{-MARGIN} {-MARGIN} {wide} {high}" width="{wide}" height="{high}"'
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + drawn.replace(box, framed, 1) + "\n"


def _legend(keys: Sequence[Key], top: float) -> tuple[str, float]:
    """The legend in rows, and where it ends."""
    parts, x = [], 0.0
    for key in keys:
        width = KEY_WIDTH + TICK_WIDTH * len(key.text) + 16
        if x and x + width > WIDTH:
            x, top = 0.0, top + KEY_HEIGHT
        parts.append(element("g", key.swatch, transform=f"translate({x:.1f} {top:.1f})"))
        parts.append(label(x + KEY_WIDTH, top + 11, key.text, class_="tick"))
        x += width
    return "".join(parts), top + (KEY_HEIGHT if keys else 0)


def _lines(text: str, width: float) -> list[str]:
    """A sentence in lines that fit."""
    lines: list[str] = []
    room = int(width / TICK_WIDTH)
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def csv_text(t: Texts, table: Table) -> str:
    """The table for programs: English keys, times with their offset, points in numbers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    for row in table.rows:
        writer.writerow(
            [_plain(t, cell, c.digits) for cell, c in zip(row, table.columns, strict=True)]
        )
    return out.getvalue()


def _plain(t: Texts, cell: Cell, digits: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return t.local(cell).isoformat(timespec="minutes")
    if isinstance(cell, float):
        return f"{cell:.{digits}f}"
    text = str(cell)
    # A spreadsheet would take such a name for a formula.
    return f"'{text}" if text[:1] in {"=", "+", "-", "@"} and not isinstance(cell, int) else text


def table_html(t: Texts, table: Table, span: timedelta) -> str:
    """The table for a page; `span` says how short its times may be."""
    head = "".join(
        f'<th scope="col"{_class(table, i)}>{escape(c.title)}</th>'
        for i, c in enumerate(table.columns)
    )
    rows = []
    for row in table.rows:
        cells = []
        for i, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            text = escape(_shown(t, cell, column.digits, span))
            if i == 0 and isinstance(cell, str):
                cells.append(f'<th scope="row">{text}</th>')
            else:
                cells.append(f"<td{_class(table, i)}>{text}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _class(table: Table, column: int) -> str:
    """Times are kept whole, numbers stand on the right."""
    kinds = {type(row[column]) for row in table.rows if row[column] is not None}
    if datetime in kinds:
        return ' class="t"'
    return ' class="n"' if kinds and kinds <= {int, float} else ""


def _shown(t: Texts, cell: Cell, digits: int, span: timedelta) -> str:
    if cell is None:
        return "\N{EN DASH}"
    if isinstance(cell, datetime):
        return t.hour(cell, span)
    if isinstance(cell, int | float):
        return t.number(cell, digits)
    return cell
