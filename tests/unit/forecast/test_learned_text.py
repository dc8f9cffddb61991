"""A learned file comes back equal, is one line for each thing, and is refused by its lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from learned_files import a_learned
from migrator.errors import InputError
from migrator.forecast.learned_text import from_text, read_learned, refuse_elsewhere, to_text
from weekend_estates import an_estate


def test_it_comes_back_equal() -> None:
    text = to_text(a_learned())
    assert from_text(text, "l.yaml") == a_learned()
    assert to_text(from_text(text, "l.yaml")) == text


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("factor: 1.250000", "factor: 0", "factor"),
        ("factor: 1.250000", "factor: 5000", "no experience"),
        ("factor: 1.100000", "factor: 0.0001", "no experience"),
        ("sigma: 0.300000", "sigma: 2.5", "wants up to 1.5"),
        ("sigma: 0.300000", "sigma: 0", "wants up to 1.5"),
        ("sigma: 0.300000", "sigma: wide", "sigma"),
        ('act: "tick", of: "function"', 'act: "copy", of: "stateful"', "stands twice"),
        ("source: live", "source: hearsay", "hearsay"),
        ("together: 0.750000", "together: 7", "together"),
        ("shock_sigma: 0.080000", "shock_sigma: 9", "shock_sigma"),
        ("samples: 40", "samples: -40", "less than nothing"),
        ("schema_version: 1", "schema_version: 7", "reads 1"),
        ("estate:", "estade:", "estade"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(old: str, new: str, told: str) -> None:
    text = to_text(a_learned())
    assert old in text
    edited = text.replace(old, new, 1)
    with pytest.raises(InputError) as refused:
        from_text(edited, "l.yaml")
    assert refused.value.reference == "broken-learned"
    faults = [fault for fault in refused.value.faults if told in str(fault)]
    assert faults
    before = text[: text.index(old)].count("\n") + 1
    assert before in {fault.line for fault in faults}


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_learned(tmp_path / "l.yaml")
    assert refused.value.reference == "broken-learned"


def test_another_estates_experience_is_refused() -> None:
    inventory = an_estate(1)
    refuse_elsewhere(a_learned(inventory.name), inventory, "l.yaml")
    with pytest.raises(InputError) as refused:
        refuse_elsewhere(a_learned("elsewhere"), inventory, "l.yaml")
    assert refused.value.reference == "learned-elsewhere"
