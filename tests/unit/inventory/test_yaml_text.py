"""Text becomes plain data with lines, and whatever is wrong becomes a fault with its line."""

from __future__ import annotations

import itertools

import pytest

from migrator.errors import Fault, InputError
from migrator.inventory import yaml_text
from migrator.inventory.yaml_text import Plain, decode, read_yaml, read_yaml_documents, show


def faults(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_yaml(text, "x.yaml")
    assert caught.value.reference == "broken-yaml"
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("22:00", "22:00"),
        ("NO", "NO"),
        ("on", "on"),
        ("2023-10-13T18:00", "2023-10-13T18:00"),
        ("2024-06-01", "2024-06-01"),
        ("012", 12),
        ("0o17", 15),
        ("0x1f", 31),
        ("-7", -7),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("1_000", "1_000"),
        ("true", True),
        ("~", None),
        ("", None),
        ("'12'", "12"),
        ('"true"', "true"),
        ("!!str 12", "12"),
        ("!!int 12", 12),
        (".inf", float("inf")),
        ("9" * 101, "9" * 101),
    ],
)
def test_plain_words_mean_what_yaml_1_2_says_and_all_else_is_text(
    word: str, meaning: Plain
) -> None:
    read = read_yaml(f"key: {word}\n", "x.yaml").data
    assert isinstance(read, dict)
    assert (read["key"], type(read["key"])) == (meaning, type(meaning))


def test_every_value_knows_its_line_and_a_missing_one_its_parents() -> None:
    document = read_yaml("a: 1\nb:\n  - id: x\n    sizes:\n      cpu: 2\n  - y\n", "x.yaml")
    assert document.line(("b",)) == 2
    assert document.line(("b", 0, "id")) == 3
    assert document.line(("b", 0, "sizes")) == 4
    assert document.line(("b", 0, "sizes", "cpu")) == 5
    assert document.line(("b", 1)) == 6
    assert document.line(("b", 0, "sizes", "memory", "of", 3)) == 4
    assert document.line(("nothing",)) == 1


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read_yaml("80: a\nno: b\n", "x.yaml").data == {"80": "a", "no": "b"}


def test_doubled_keys_are_all_named_with_both_lines() -> None:
    assert faults("a: 1\nb: {c: 1, c: 2}\na: 3\n") == [
        "x.yaml:2: b.c: the key 'c' stands twice, on line 2 and on line 2",
        "x.yaml:3: a: the key 'a' stands twice, on line 1 and on line 3",
    ]


def test_alias_is_refused_and_named() -> None:
    assert faults("a: &x 1\nb: *x\n") == [
        "x.yaml:2: b: the alias *x is not allowed; write the value out"
    ]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_a_bomb_of_depth_is_a_fault_and_not_a_crash(opening: str) -> None:
    assert faults(opening * 100_000) == ["x.yaml:1: nested deeper than 64 levels"]


def test_more_values_than_any_inventory_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yaml_text, "NODES_MAX", 100)
    assert faults("[" + "1," * 101 + "]") == ["x.yaml:1: more than 100 values"]


@pytest.mark.parametrize("text", ["a:\n\t- b\n", "a:\n  b: 1\n\tc: 2\n", "\ta: 1\n"])
def test_tab_is_named_as_what_it_is(text: str) -> None:
    [fault] = faults(text)
    assert fault.endswith("a tab stands where spaces belong; YAML indents with spaces only")


def test_second_colon_on_a_line_is_explained() -> None:
    assert faults("a: 1\nb: c: d\n") == [
        "x.yaml:2: a second ': ' on one line; put text that contains a colon in quotes"
    ]


def test_unclosed_bracket_names_its_line() -> None:
    [fault] = faults("a: 1\nb: [1, 2\n")
    assert fault.startswith("x.yaml:3: the YAML parser stops here")


def test_foreign_tag_is_refused() -> None:
    [fault] = faults("a: !secret x\n")
    assert fault == "x.yaml:1: a: the tag !secret is not understood here; remove it"


def test_list_as_a_key_is_refused() -> None:
    assert faults("? [a]\n: b\n") == [
        "x.yaml:1: a list, a mapping or an alias is used as a key; a key is text"
    ]


def test_control_character_names_its_line() -> None:
    assert faults("a: 1\nb: \x01\n") == ["x.yaml:2: a control character stands here; remove it"]


def test_second_document_is_refused_where_one_is_wanted() -> None:
    assert faults("a: 1\n---\nb: 2\n") == [
        "x.yaml:3: a second document begins here; this file holds one"
    ]


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_text_without_content_is_a_document_without_data(text: str) -> None:
    assert read_yaml(text, "x.yaml").data is None


def test_bytes_that_are_not_utf_8_are_named_by_their_offset() -> None:
    with pytest.raises(InputError) as caught:
        decode("a: 1\nb: å\n".encode("latin-1"), "x.yaml")
    assert caught.value.faults == (
        Fault(
            "x.yaml",
            2,
            "",
            "byte 8 (0xe5) is not UTF-8; save the file with the encoding UTF-8",
        ),
    )


def test_byte_order_mark_is_no_part_of_the_text() -> None:
    assert decode(b"\xef\xbb\xbfa: 1", "x.yaml") == "a: 1"


def test_several_documents_are_read_one_by_one_and_empty_ones_left_out() -> None:
    read = read_yaml_documents("---\na: 1\n---\n# none\n---\nb: 2\n", "x.yaml")
    assert [document.data for document in read] == [{"a": 1}, {"b": 2}]
    assert [document.line(("b",)) for document in read] == [2, 6]


def test_aliases_and_merge_keys_are_followed_where_that_is_wanted() -> None:
    text = "base: &b {x: 1, y: 2}\nuse: {<<: *b, y: 3}\nboth: {<<: [*b, {z: 4, x: 9}]}\nsame: *b\n"
    [document] = read_yaml_documents(text, "x.yaml", aliases="expand")
    assert document.data == {
        "base": {"x": 1, "y": 2},
        "use": {"x": 1, "y": 3},
        "both": {"x": 1, "y": 2, "z": 4},
        "same": {"x": 1, "y": 2},
    }
    assert document.line(("same", "x")) == 4


def test_nine_lines_that_ask_for_a_billion_values_are_refused() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]")
    with pytest.raises(InputError) as caught:
        read_yaml_documents("\n".join(lines), "x.yaml", aliases="expand")
    assert caught.value.faults[0].message == "more than 1,000,000 values"


def test_depth_counts_through_aliases() -> None:
    names = [f"n{number}" for number in range(70)]
    lines = [f"{names[0]}: &{names[0]} [x]"]
    lines += [f"{name}: &{name} [*{before}]" for before, name in itertools.pairwise(names)]
    with pytest.raises(InputError) as caught:
        read_yaml_documents("\n".join(lines), "x.yaml", aliases="expand")
    assert caught.value.faults[0].message == "nested deeper than 64 levels by an alias"


def test_alias_to_what_is_not_finished_or_not_there_is_a_fault() -> None:
    with pytest.raises(InputError) as caught:
        read_yaml_documents("a: &a [*a]\nb: *c\n", "x.yaml", aliases="expand")
    assert [fault.message for fault in caught.value.faults] == [
        "the alias *a names no finished anchor before it",
        "the alias *c names no finished anchor before it",
    ]


def test_paths_are_shown_as_people_read_them() -> None:
    assert show(("subsystems", 3, "durations", "move")) == "subsystems[3].durations.move"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\nb\nc: 2\n", "a key without ': ' after it, or a line that is indented wrongly"),
        ("a: !!int x\n", "the tag tag:yaml.org,2002:int is not understood here; remove it"),
        ("a: !x [b]\n", "the tag !x is not understood here; remove it"),
    ],
)
def test_other_slips_are_told_in_words(text: str, sentence: str) -> None:
    [fault] = faults(text)
    assert fault.endswith(sentence)


def test_merge_key_wants_a_mapping() -> None:
    with pytest.raises(InputError) as caught:
        read_yaml_documents("a: {<<: 1}\n", "x.yaml", aliases="expand")
    assert caught.value.faults[0].message == "the merge key << wants a mapping or a list of them"


def test_merge_key_is_an_ordinary_key_where_aliases_are_refused() -> None:
    assert read_yaml("a: {<<: 1}\n", "x.yaml").data == {"a": {"<<": 1}}


def test_alias_means_the_latest_anchor_even_when_that_one_is_not_finished() -> None:
    with pytest.raises(InputError) as caught:
        read_yaml_documents("a: &a 1\nb: &a [*a]\n", "x.yaml", aliases="expand")
    assert [fault.line for fault in caught.value.faults] == [2]


def test_whoever_reads_other_peoples_files_may_say_what_an_unquoted_word_means() -> None:
    documents = read_yaml_documents("a: 010\nb: '010'\n", "x.yaml", plain=lambda text: text * 2)
    assert documents[0].data == {"a": "010010", "b": "010"}
