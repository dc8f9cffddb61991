"""What holds for every text and every order: no crash, no loss, no difference without meaning."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from random import Random
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import an_inventory, write_inventory
from migrator.errors import InputError
from migrator.inventory.duration import format_minutes, parse_minutes
from migrator.inventory.reader import examine, read_inventory
from migrator.inventory.yaml_text import Document, Plain, read_yaml, read_yaml_documents
from small_files import FILES

SIGNS = "[]{}:,-?&*!|>'\"#%@`\t\n ~"
WORDS = ("- ", ": ", "\n  ", "a", "b: ", "&a ", "*a", "<<: ", "---\n", "!!int ", "!x ", "|\n", "1")
ODD_ONES = (".inf", "\0", "\ud800", "\u2028", "é", "? ", "...\n", "\ufeff", "%YAML 1.1\n")
TOKENS = st.sampled_from([*SIGNS, *WORDS, *ODD_ONES])
TEXTS = st.one_of(st.text(), st.lists(TOKENS, max_size=40).map("".join))

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(TEXTS)
def test_no_text_crashes_the_reader(text: str) -> None:
    for documents in (outcome(text, "refuse"), outcome(text, "expand")):
        assert all(document.line(()) is not None for document in documents)


def outcome(text: str, aliases: Literal["refuse", "expand"]) -> list[Document]:
    """What is read of a text; nothing where it is refused with its faults."""
    try:
        return read_yaml_documents(text, "x.yaml", aliases)
    except InputError as error:
        return [] if error.faults else [NO_REASON]


NO_REASON = Document("refused without a fault", None, {})


@given(DATA)
def test_json_is_yaml_and_means_the_same(data: Plain) -> None:
    # JSON writes no character that YAML forbids, once everything beyond ASCII is escaped; a pair of
    # surrogates is one character in JSON and none in YAML, so those stay out.
    text = json.dumps(data, ensure_ascii=True)
    if "\\ud" in text:
        return
    assert read_yaml(text, "x.yaml").data == data


@given(st.floats(min_value=0, max_value=500_000, allow_nan=False))
def test_durations_come_back_as_they_were_written(minutes: float) -> None:
    assert parse_minutes(format_minutes(minutes)) == minutes


@given(st.integers(min_value=0, max_value=30_000_000))
def test_whole_seconds_come_back_as_they_were_written(seconds: int) -> None:
    assert parse_minutes(f"{seconds}s") == parse_minutes(format_minutes(seconds / 60))


@settings(max_examples=15)  # each reads seven files
@given(st.randoms(use_true_random=False))
def test_digest_knows_no_order_of_rows_or_keys(chance: Random) -> None:
    def shuffled(value: object, key: str = "") -> object:
        if isinstance(value, dict):
            items = list(value.items())
            chance.shuffle(items)
            return {name: shuffled(entry, name) for name, entry in items}
        if isinstance(value, list):
            entries = [shuffled(entry) for entry in value]
            if key != "members":  # their order is what `before` declares
                chance.shuffle(entries)
            return entries
        return value

    with tempfile.TemporaryDirectory() as name:
        texts = {
            stem: json.dumps(shuffled(read_yaml(text, stem).data)) for stem, text in FILES.items()
        }
        inventory = read_inventory(write_inventory(Path(name), **texts))
    assert inventory == an_inventory(folder=inventory.folder)


@given(st.sampled_from(sorted(FILES)), DATA, st.data())
def test_no_wrong_value_anywhere_is_more_than_a_fault(
    stem: str, wrong: Plain, data: st.DataObject
) -> None:
    def broken(value: Plain) -> Plain:
        if isinstance(value, dict) and value and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(value)))
            return {**value, key: broken(value[key])}
        if isinstance(value, list) and value and data.draw(st.booleans()):
            number = data.draw(st.integers(0, len(value) - 1))
            return [*value[:number], broken(value[number]), *value[number + 1 :]]
        return wrong

    text = json.dumps(broken(read_yaml(FILES[stem], stem).data))
    with tempfile.TemporaryDirectory() as name:
        examination = examine(write_inventory(Path(name), **{stem: text}))
    assert (examination.inventory is None) == bool(examination.faults)
    assert all(fault.message for fault in examination.faults)
