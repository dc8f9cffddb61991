"""What shows only when rows are compared: doubles, references, contradictions."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import edited, faults_of
from small_files import FILES

CASES = {
    "a doubled component": (
        ("subsystems", "{id: night.job, role: batch}", "{id: web.app}"),
        ("subsystems.yaml:54: subsystems[3].components[0].id: the component 'web.app' stands "
        "twice: subsystems.yaml line 41 and subsystems.yaml line 54"),
    ),
    "a doubled person": (
        ("people", "{id: dan", "{id: cia"),
        ("people.yaml:10: people[3].id: the person 'cia' stands twice: "
        "people.yaml line 9 and people.yaml line 10"),
    ),
    "a relation to an unknown subsystem": (
        ("relations", "[ledger, payments]", "[ledgr, payments]"),
        ("relations.yaml:3: relations[0].members[0]: "
        "there is no subsystem 'ledgr'; did you mean 'ledger'?"),
    ),
    "a function of an unknown subsystem": (
        ("functions", "web: passing", "wbe: passing"),
        ("functions.yaml:4: functions[0].exercises.wbe: "
        "there is no subsystem 'wbe'; did you mean 'web'?"),
    ),
    "a function of an unknown handler": (
        ("functions", "handlers: []", "handlers: [ciaa, dan]"),
        ("functions.yaml:6: functions[0].handlers[0]: "
        "there is no person 'ciaa'; did you mean 'cia'?"),
    ),
    "an unknown team of a subsystem": (
        ("subsystems", "team: blue\n    kind: external", "team: bleu\n    kind: external"),
        "subsystems.yaml:65: subsystems[4].team: there is no team 'bleu'; did you mean 'blue'?",
    ),
    "an unknown team of a person": (
        ("people", "name: Eva E, team: blue", "name: Eva E, team: red"),
        "people.yaml:11: people[4].team: there is no team 'red'",
    ),
    "an unknown shift of a person": (
        ("people", "Eva E, team: blue, roles: [engineer], shifts: [friday]",
         "Eva E, team: blue, roles: [engineer], shifts: [fridy]"),
        "people.yaml:11: people[4].shifts[0]: there is no shift 'fridy'; did you mean 'friday'?",
    ),
    "an unknown shift of a team": (
        ("people", "seats: {friday: 2", "seats: {monday: 2"),
        "people.yaml:13: teams[0].seats.monday: there is no shift 'monday'",
    ),
    "an unknown deputy": (
        ("people", "deputy: bo", "deputy: boo"),
        "people.yaml:7: people[0].deputy: there is no person 'boo'; did you mean 'bo'?",
    ),
    "a blackout of an unknown subsystem": (
        ("calendar", "subsystems: [payments]", "subsystems: [payment]"),
        ("calendar.yaml:7: blackouts[0].subsystems[0]: "
        "there is no subsystem 'payment'; did you mean 'payments'?"),
    ),
    "a fixed date of what never moves": (
        ("calendar", "subsystem: payments, start", "subsystem: archive, start"),
        ("calendar.yaml:10: fixed_dates[0].subsystem: "
        "'archive' is of the kind stays: it has no date to keep"),
    ),
    "one that stays without a reason": (
        ("subsystems", "    reason: runs on the mainframe\n", ""),
        "subsystems.yaml:69: subsystems[5].reason: 'archive' stays, so it needs a reason",
    ),
    "one that stays without a review date": (
        ("subsystems", "    review_date: 2025-01-15\n", ""),
        "subsystems.yaml:69: subsystems[5].review_date: 'archive' stays, so it needs a review_date",
    ),
    "a review date of no calendar": (
        ("subsystems", "2025-01-15", "2025-02-30"),
        ("subsystems.yaml:76: subsystems[5].review_date: "
        "'2025-02-30' is no day between the years 2000 and 2199"),
    ),
    "a reason to stay for what moves": (
        ("subsystems", "tags: [finance]", "reason: old"),
        ("subsystems.yaml:20: subsystems[0].reason: "
        "only a subsystem that stays has a reason; its kind is stateful"),
    ),
    "an irreversible act of what never moves": (
        ("subsystems", "reason: runs on the mainframe", "reason: r\n    irreversible: {act: a}"),
        ("subsystems.yaml:76: subsystems[5].irreversible: "
        "a subsystem of the kind stays does not move: nothing is irreversible"),
    ),
    "moving together with what stays": (
        ("relations", "[night, web]", "[night, archive]"),
        ("relations.yaml:7: relations[1].members[1]: "
        "'archive' stays and never moves, so 'night' cannot move with it"),
    ),
    "being ordered by a partner's system": (
        ("relations", "[ledger, payments]", "[bank, payments]"),
        ("relations.yaml:3: relations[0].members[0]: "
        "'bank' is a partner's and never moves, so 'payments' cannot be ordered by it"),
    ),
    "a member that stands twice": (
        ("relations", "[night, web]", "[night, web, night]"),
        "relations.yaml:7: relations[1].members[2]: 'night' stands twice",
    ),
    "a quorum of more handlers than there are": (
        ("functions", "quorum: 2", "quorum: 3"),
        ("functions.yaml:7: functions[0].quorum: "
        "the quorum is 3, but the handlers with the competence 'benefits' are 2"),
    ),
    "a quorum of more handlers than are named": (
        ("functions", "handlers: []", "handlers: [cia]"),
        ("functions.yaml:7: functions[0].quorum: "
        "the quorum is 2, but the handlers with the competence 'benefits' are 1"),
    ),
    "four eyes of one person": (
        ("functions", "handlers: []\n    quorum: 2", "handlers: [cia]\n    criticality: 5"),
        ("functions.yaml:7: functions[0].criticality: "
        "the quorum is 2, but the handlers with the competence 'benefits' are 1"),
    ),
    "a competence that nobody has": (
        ("functions", "competence: benefits", "competence: benefit"),
        ("functions.yaml:7: functions[0].quorum: the quorum is 2, but the handlers with the "
        "competence 'benefit' are 0; did you mean 'benefits'?"),
    ),
    "a place to leave is missing": (
        ("places", "side: old", "side: new"),
        ("places.yaml:1: places: no place has the side 'old'; "
        "a move leaves one place and reaches one"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "fault"), CASES.values(), ids=CASES)
def test_contradiction_is_named_once_with_its_place(
    tmp_path: Path, change: tuple[str, str, str], fault: str
) -> None:
    stem, old, new = change
    assert faults_of(tmp_path, **{stem: edited(stem, old, new)}) == [fault]


def test_doubled_subsystem_names_both_files(tmp_path: Path) -> None:
    (tmp_path / "subsystems").mkdir()
    (tmp_path / "subsystems" / "web.yaml").write_text(
        "# again\nid: web\nname: Web\nkind: stateless\n", encoding="utf-8"
    )
    assert faults_of(tmp_path) == [
        (
            "subsystems/web.yaml:2: id: the subsystem 'web' stands twice: "
            "subsystems.yaml line 36 and subsystems/web.yaml line 2"
        )
    ]


def test_handler_without_the_competence_is_named(tmp_path: Path) -> None:
    text = edited("functions", "handlers: []\n    quorum: 2", "handlers: [cia, eva]")
    assert faults_of(tmp_path, functions=text) == [
        (
            "functions.yaml:6: functions[0].handlers[1]: "
            "'eva' is no handler with the competence 'benefits'"
        )
    ]


def test_function_that_exercises_only_what_stays_is_allowed(tmp_path: Path) -> None:
    text = edited("functions", "{payments: core, ledger: core, web: passing}", "{archive: core}")
    assert faults_of(tmp_path, functions=text) == []


def test_quorum_is_not_judged_where_nobody_is_named(tmp_path: Path) -> None:
    assert faults_of(tmp_path, people=None) == []


def test_any_team_may_be_named_where_none_is_declared(tmp_path: Path) -> None:
    before, _, rest = FILES["people"].partition("teams:")
    people = before + "shifts:" + rest.partition("shifts:")[2]
    assert faults_of(tmp_path, people=people) == []


def test_component_may_not_be_called_like_a_subsystem_that_is_its_own_component(
    tmp_path: Path,
) -> None:
    text = edited("subsystems", "    components: [{id: night.job, role: batch}]\n", "")
    text = text.replace("{id: archive.app}", "{id: night}")
    assert faults_of(tmp_path, subsystems=text) == [
        (
            "subsystems.yaml:73: subsystems[5].components[0].id: the component 'night' "
            "stands twice: subsystems.yaml line 49 and subsystems.yaml line 73"
        )
    ]


def test_broken_file_makes_no_faults_of_what_refers_to_it(tmp_path: Path) -> None:
    found = faults_of(tmp_path, people="people: [\n", subsystems="- a\n")
    assert [fault.split(":")[0] for fault in found] == ["people.yaml", "subsystems.yaml"]


@pytest.mark.parametrize("text", [None, "subsystems: []\n"])
def test_estate_without_subsystems_is_refused(tmp_path: Path, text: str | None) -> None:
    found = faults_of(tmp_path, subsystems=text, relations=None, functions=None, calendar=None)
    assert found == ["subsystems.yaml: no subsystem is declared; write at least one"]


def test_value_that_is_wrong_by_itself_is_not_called_missing_as_well(tmp_path: Path) -> None:
    text = edited("subsystems", "reason: runs on the mainframe", "reason: 12")
    assert faults_of(tmp_path, subsystems=text) == [
        (
            "subsystems.yaml:75: subsystems[5].reason: wants text, found the number 12; "
            "put it in quotes"
        )
    ]


def test_person_whose_competences_are_unreadable_leaves_the_quorum_unjudged(tmp_path: Path) -> None:
    text = edited("people", "Dan D, roles: [handler], competences: [benefits]",
                  "Dan D, roles: [handler], competences: benefits")  # fmt: skip
    assert faults_of(tmp_path, people=text) == [
        "people.yaml:10: people[3].competences: wants a list, found the text 'benefits'"
    ]


def test_only_handlers_count_for_a_quorum(tmp_path: Path) -> None:
    text = edited("people", "Dan D, roles: [handler]", "Dan D, roles: [engineer]")
    [fault] = faults_of(tmp_path, people=text)
    assert "the handlers with the competence 'benefits' are 1" in fault


def test_team_of_the_assumptions_may_be_named_beside_the_declared_ones(tmp_path: Path) -> None:
    text = edited("subsystems", "team: green\n    kind: batch", "team: crew\n    kind: batch")
    assumptions = "team: {id: crew, seats: 3}\n"
    assert faults_of(tmp_path, subsystems=text, assumptions=assumptions) == []


def test_unreadable_people_make_no_fault_of_those_who_name_them(tmp_path: Path) -> None:
    text = edited("functions", "handlers: []", "handlers: [cia, dan]")
    [fault] = faults_of(tmp_path, functions=text, people="people: [\n")
    assert fault.startswith("people.yaml:2: the YAML parser stops here")


def test_ids_that_are_no_text_are_named_once_each(tmp_path: Path) -> None:
    text = edited("people", "{id: dan", "{id: [dan]").replace("{id: cia", "{id: [dan]")
    assert [fault.partition(" wants")[0] for fault in faults_of(tmp_path, people=text)] == [
        "people.yaml:9: people[2].id:",
        "people.yaml:10: people[3].id:",
    ]


def test_p80_may_equal_its_p50(tmp_path: Path) -> None:
    assert faults_of(tmp_path, subsystems=edited("subsystems", "p80: 80m", "p80: 50m")) == []
