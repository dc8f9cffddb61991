"""A picture's frame, and the table behind it on a page and in a file."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

from drawn import parsed, words
from migrator.reports.drawing.figure import (
    Column,
    Figure,
    Key,
    Table,
    alone,
    csv_text,
    inline,
    table_html,
)
from migrator.reports.svg import label
from migrator.reports.texts import texts

AT = datetime(2023, 10, 14, 1, 30, tzinfo=UTC)  # Saturday 03:30 in Stockholm
SV, EN = texts("sv", "Europe/Stockholm"), texts("en", "Europe/Stockholm")
TABLE = Table(
    (
        Column("wave", "Våg"),
        Column("at", "Tid"),
        Column("share", "Andel", 1),
        Column("moves", "Delsystem"),
    ),
    (("w01", AT, 1234.56, 3), ("=cmd", None, None, 12_000)),
)


def a_figure(notes: tuple[str, ...] = ()) -> Figure:
    keys = tuple(Key("<path d='M0 7H30'/>", f"an entry with number {n}") for n in range(8))
    body = label(10, 20, "inside")
    return Figure("fan", "A title", "Said in words.", 100, body, keys, notes, TABLE)


def test_a_file_has_english_keys_times_with_their_offset_and_plain_numbers() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(SV, TABLE))))
    assert rows[0] == ["wave", "at", "share", "moves"]
    assert rows[1] == ["w01", "2023-10-14T03:30+02:00", "1234.6", "3"]


def test_what_is_not_known_is_empty_and_a_name_is_never_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(SV, TABLE))))
    assert rows[2] == ["'=cmd", "", "", "12000"]


def test_a_page_shows_cells_in_the_readers_language() -> None:
    swedish = table_html(SV, TABLE, timedelta(hours=60))
    assert '<td class="t">lör 03:30</td>' in swedish
    assert "1\N{NO-BREAK SPACE}234,6" in swedish
    assert '<th scope="col">Våg</th>' in swedish
    assert '<td class="t">\N{EN DASH}</td>' in swedish
    english = table_html(EN, TABLE, timedelta(days=30))
    assert "2023-10-14 03:30" in english
    assert "1,234.6" in english


def test_a_cell_cannot_break_out_of_its_table() -> None:
    table = Table((Column("a", "<i>"),), (("<script>",),))
    text = table_html(EN, table, timedelta(hours=1))
    assert "<script>" not in text
    assert "<i>" not in text
    assert "&lt;script&gt;" in text  # and is the same to its reader


def test_a_picture_alone_has_heading_legend_and_notes_inside_its_frame() -> None:
    note = "A sentence that is so long that it has to be written in two lines below. " * 3
    svg = parsed(alone(a_figure((note,)), "Plan autumn"))
    said = words(svg)
    assert said[:2] == ["A title", "Plan autumn"]
    assert "inside" in said
    assert "an entry with number 7" in said
    assert " ".join(said).count("A sentence that is") == 3
    _, _, width, height = map(float, svg.get("viewBox", "").split())
    assert (svg.get("width"), svg.get("height")) == (f"{width:g}", f"{height:g}")


def test_a_picture_on_a_page_leaves_heading_and_legend_to_the_page() -> None:
    assert words(parsed(inline(a_figure()))) == ["inside"]
