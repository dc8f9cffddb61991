"""The sample's YAML means what was written, to the project's reader and to a YAML 1.1 reader."""

from __future__ import annotations

import pytest
import yaml

from migrator.importers.sample_estate import yaml_text
from migrator.importers.sample_estate.yaml_text import Line, Value
from migrator.inventory.yaml_text import read_yaml


@pytest.mark.parametrize(
    "text",
    [
        *(
            "on",
            "NO",
            "null",
            "12:30",
            "2023-10-13",
            "2023-10-13T18:00",
            "010",
            "1e3",
            "~",
            "-",
            "",
        ),
        *("a: b", "a #b", "[a]", "{a}", 'say "so"', "back\\slash", "*a", "&a", "!a", "%a", "@a"),
        *("ends with space ", " begins", "comma, here", "Åke's väg", "1h30m", "40m", "plain words"),
    ],
)
def test_text_comes_back_as_it_was(text: str) -> None:
    shapes: tuple[Value, ...] = (text, Line({"inner": text}), [text])
    for shape in shapes:
        written = yaml_text.block({"key": shape})
        assert read_yaml(written, "x.yaml").data == {"key": shape}
        assert yaml.safe_load(written) == {"key": shape}


def test_long_text_keeps_its_lines() -> None:
    written = yaml_text.block({"key": "1. First: one\n2. Second #two"})
    assert written == "key: |\n  1. First: one\n  2. Second #two\n"
    assert read_yaml(written, "x.yaml").data == {"key": "1. First: one\n2. Second #two\n"}


def test_items_read_like_hand_written_ones() -> None:
    item: dict[str, Value] = {
        "id": "a",
        "words": ["b", "c"],
        "parts": [Line({"id": "a.b", "role": "store"})],
        "sizes": {"move": Line({"p50": "40m"})},
        "share": 0.5,
        "sure": True,
        "none": {},
    }
    assert yaml_text.items([item, Line({"id": "b"})]) == (
        "  - id: a\n"
        "    words: [b, c]\n"
        "    parts:\n"
        "      - {id: a.b, role: store}\n"
        "    sizes:\n"
        "      move: {p50: 40m}\n"
        "    share: 0.5\n"
        "    sure: true\n"
        "    none: {}\n"
        "  - {id: b}\n"
    )


def test_long_list_is_written_below_its_key() -> None:
    words = [f"subsystem-number-{number}" for number in range(20)]
    written = yaml_text.block({"key": words})
    assert max(len(line) for line in written.splitlines()) <= yaml_text.WIDTH_MAX
    assert read_yaml(written, "x.yaml").data == {"key": words}
