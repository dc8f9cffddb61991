"""One value that is wrong by itself: named with its line, its path, what is wanted and found."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import edited, faults_of
from migrator.inventory.door import faults_of as faults_of_document
from migrator.inventory.schema import SubsystemRow
from migrator.inventory.yaml_text import read_yaml

CASES = {
    "an unknown key names the nearest known one": (
        (
            "subsystems",
            "criticality: 5\n    components: [{id: pay",
            "critikality: 5\n    components: [{id: pay",
        ),
        (
            "subsystems.yaml:25: subsystems[1].critikality: "
            "unknown key 'critikality'; did you mean 'criticality'?"
        ),
    ),
    "an unknown key without a neighbour names all known ones": (
        ("places", "capacity: {cpu: 100", "capacity: {zzz: 100"),
        (
            "places.yaml:16: places[1].capacity.zzz: unknown key 'zzz'; "
            "known here: cpu, memory_gib, copy_gib_per_hour, bridge_calls_per_hour"
        ),
    ),
    "an unknown duration names the nearest known one": (
        ("subsystems", "copy: {p50: 25m", "coppy: {p50: 25m"),
        (
            "subsystems.yaml:31: subsystems[1].durations.coppy: "
            "unknown key 'coppy'; did you mean 'copy'?"
        ),
    ),
    "a number where text is due asks for quotes": (
        ("people", '"+46 10 000 00 01"', "0701234567"),
        (
            "people.yaml:4: people[0].telephone: "
            "wants text, found the number 701234567; put it in quotes"
        ),
    ),
    "a text where a list is due": (
        ("subsystems", "[finance]", "finance"),
        "subsystems.yaml:20: subsystems[0].tags: wants a list, found the text 'finance'",
    ),
    "a text where a mapping is due": (
        ("functions", "{sv: Betala ut, en: Pay out}", "Pay out"),
        (
            "functions.yaml:3: functions[0].name: "
            "wants a mapping of keys and values, found the text 'Pay out'"
        ),
    ),
    "nothing where a list is due": (
        ("functions", "handlers: []", "handlers:"),
        "functions.yaml:6: functions[0].handlers: wants a list, found nothing",
    ),
    "true is no number": (
        ("subsystems", "criticality: 2", "criticality: true"),
        "subsystems.yaml:40: subsystems[2].criticality: wants a whole number, found true",
    ),
    "a fraction is no whole number": (
        ("subsystems", "criticality: 2", "criticality: 2.5"),
        "subsystems.yaml:40: subsystems[2].criticality: wants a whole number, found the number 2.5",
    ),
    "a number above its limit": (
        ("subsystems", "criticality: 2", "criticality: 9"),
        "subsystems.yaml:40: subsystems[2].criticality: wants at most 5, found the number 9",
    ),
    "a number below its limit": (
        ("subsystems", "cpu: 4\n", "cpu: -4\n"),
        "subsystems.yaml:16: subsystems[0].cpu: wants at least 0.0, found the number -4",
    ),
    "a number that is none": (
        ("subsystems", "failure_probability: 0.03", "failure_probability: .nan"),
        (
            "subsystems.yaml:59: subsystems[3].failure_probability: "
            "wants a finite number, found the number nan"
        ),
    ),
    "an unknown kind names all kinds and the nearest": (
        ("subsystems", "kind: batch", "kind: bach"),
        (
            "subsystems.yaml:52: subsystems[3].kind: wants one of stateless, stateful, batch, "
            "external, stays; found the text 'bach'; did you mean 'batch'?"
        ),
    ),
    "an id with a blank": (
        ("functions", "id: pay-out", "id: Pay Out"),
        (
            "functions.yaml:2: functions[0].id: wants an id of lower-case letters, digits, '.', "
            "'_' and '-', at most 100 characters; found the text 'Pay Out'"
        ),
    ),
    "a missing key": (
        ("subsystems", "name: Payments\n    team", "team"),
        "subsystems.yaml:21: subsystems[1].name: the key 'name' is missing",
    ),
    "a text of blanks only": (
        ("functions", "competence: benefits", "competence: ' '"),
        "functions.yaml:5: functions[0].competence: must not be empty",
    ),
    "a p80 below its p50": (
        ("subsystems", "p80: 80m", "p80: 8m"),
        (
            "subsystems.yaml:28: subsystems[1].durations.move: p80 (8 minutes) is below p50 "
            "(50 minutes); four times of five cannot be quicker than every other time"
        ),
    ),
    "a duration that is none": (
        ("subsystems", "{p50: 25m, p80: 40m}", "{p50: soon, p80: 40m}"),
        (
            "subsystems.yaml:31: subsystems[1].durations.copy.p50: "
            "wants a duration such as 90s, 40m or 1h30m, found 'soon'"
        ),
    ),
    "seats in words": (
        ("people", "seats: 2}", "seats: {friday: two}}"),
        (
            "people.yaml:14: teams[1].seats: wants a whole number of seats from 0 for the shift "
            "'friday', or a mapping of shift and number"
        ),
    ),
    "a relation of one": (
        ("relations", "[night, web]", "[night]"),
        "relations.yaml:7: relations[1].members: wants at least 2 entries, found 1",
    ),
    "a function that exercises nothing": (
        ("functions", "{payments: core, ledger: core, web: passing}", "{}"),
        "functions.yaml:4: functions[0].exercises: wants at least 1 entry, found 0",
    ),
    "a text in no language": (
        ("functions", "{sv: Betala ut, en: Pay out}", "{}"),
        "functions.yaml:3: functions[0].name: wants a text under sv, en or both",
    ),
    "another schema version": (
        ("inventory", "schema_version: 1", "schema_version: 2"),
        "inventory.yaml:1: schema_version: wants 1; found the number 2",
    ),
}


@pytest.mark.parametrize(("change", "fault"), CASES.values(), ids=CASES)
def test_wrong_value_is_named_once_with_its_place(
    tmp_path: Path, change: tuple[str, str, str], fault: str
) -> None:
    stem, old, new = change
    found = faults_of(tmp_path, **{stem: edited(stem, old, new)})
    assert found == [fault]


def test_wrong_value_hides_neither_its_neighbours_nor_what_is_compared(tmp_path: Path) -> None:
    text = edited("subsystems", "team: blue\n    kind: external", "team: bleu\n    kind: external")
    text = text.replace("id: bank\n", "id: bank\n    zzz: 1\n    cpu: much\n")
    paths = [fault.split(": ")[1] for fault in faults_of(tmp_path, subsystems=text)]
    assert paths == ["subsystems[4].zzz", "subsystems[4].cpu", "subsystems[4].team"]


def test_long_wrong_value_is_cut() -> None:
    document = read_yaml(f"id: a\nname: A\nkind: {'k' * 500}\n", "x.yaml")
    [fault] = faults_of_document(document, SubsystemRow)
    assert fault.message.endswith("found the text '" + "k" * 60 + "...'")
