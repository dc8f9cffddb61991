"""What the API shows is what the pages show, and no more than is for whoever asks."""

from __future__ import annotations

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import new_run
from migrator.plan.model import Itinerary
from migrator.plan.read_back import read_back
from migrator.store.chain import Written, encode_json, to_line, verify
from programs import a_program
from run_with_pages import ASKED, CHECK, DECIDER, NAME, OTHER, Pages


def test_the_run_its_waves_moves_and_checks_agree(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    run = program.get("/run").json()
    assert (run["name"], run["seq"], run["level"]) == (NAME, pages.seen.run.seq, "green")
    waves = program.get("/waves").json()
    assert [wave["id"] for wave in waves] == run["waves"]
    moves = program.get("/moves").json()
    assert {move["id"]: move["wave"] for move in moves} == {
        id_: wave["id"] for wave in waves for id_ in wave["moves"]
    }
    assert run["moved"] == sum(move["place"] == "new" for move in moves) > 0
    assert program.get("/waves/w01").json() == waves[0]
    assert program.get(f"/moves/{moves[0]['id']}").json() == moves[0]
    assert program.get("/moves?wave=w01").json() == [m for m in moves if m["wave"] == "w01"]
    for path in ("/waves/w99", "/moves/nothing"):
        assert program.get(path).json()["type"] == "urn:migrator:missing"


def test_who_is_asked_is_for_them_and_for_readers_of_the_journal(pages: Pages) -> None:
    def asked(person: str) -> object:
        rows = a_program(pages, person).get("/checks").json()
        return next(row["person"] for row in rows if row["id"] == CHECK)

    assert [asked(ASKED), asked(OTHER), asked(DECIDER)] == [ASKED, None, ASKED]


def test_ones_own_checks_are_those_of_ones_page(pages: Pages) -> None:
    mine = a_program(pages, ASKED).get("/checks/mine").json()
    assert [row["id"] for row in mine["asked"]] == [CHECK]
    assert mine["given"] == []
    assert all(row["state"] == "not_yet" for row in mine["coming"])


def test_decisions_say_what_each_choice_leads_to_and_who_may(pages: Pages) -> None:
    pages.leader.note(ev.WaveHeld("w01", 1, "operator", "w01", (), "odd", None))
    pages.catch_up()
    found = a_program(pages, DECIDER).get("/decisions").json()
    (held,) = [one for one in found["decisions"] if one["wave"] == "w01" and one["choices"]
               and any(choice["verb"] == "release" for choice in one["choices"])]  # fmt: skip
    release = next(choice for choice in held["choices"] if choice["verb"] == "release")
    assert (release["target"], release["may"]) == ("w01", True)
    assert release["consequence"]
    assert found["seq"] == pages.seen.run.seq


def test_the_journal_comes_in_pages_and_can_be_proven_and_folded(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    rows: list[dict[str, object]] = []
    while True:
        page = program.get(f"/journal?after={len(rows)}&count=7").json()
        rows += page["lines"]
        if not page["further"]:
            break
    written = [
        Written._make({**row, "data": encode_json(row["data"])}[name] for name in Written._fields)
        for row in rows
    ]
    assert verify(NAME, written).count == pages.seen.run.seq
    run = new_run(read_back(Itinerary, program.get("/itinerary").content))
    for line in map(to_line, written):
        apply(run, line.at, line.event)
    assert run.checks[CHECK].person == ASKED
    assert all(row["what"] for row in rows)


def test_telephones_are_for_those_who_see_the_roster(pages: Pages) -> None:
    pages.leader.note(ev.RunPaused("fire alarm"))
    engineer = next(
        (id_ for id_, m in pages.seen.itinerary.members.items() if set(m.roles) == {"engineer"}),
        None,
    )
    numbers = {m.telephone for m in pages.seen.itinerary.members.values() if m.telephone}
    whole = a_program(pages, DECIDER).get("/itinerary").text
    assert all(number in whole for number in numbers)
    if engineer is not None:
        less = a_program(pages, str(engineer)).get("/itinerary").text
        assert not any(number in less for number in numbers)


def test_words_come_in_the_callers_language(pages: Pages) -> None:
    program = a_program(pages, DECIDER)
    swedish = program.get("/waves", **{"accept-language": "sv"}).json()
    english = program.get("/waves", **{"accept-language": "en"}).json()
    assert swedish[0]["state"] == english[0]["state"]
    assert swedish[0]["state_words"] != english[0]["state_words"]


def test_the_description_names_every_trouble_that_can_come(pages: Pages) -> None:
    made = pages.client.get("/api/v1/openapi.json").json()
    assert made["servers"] == [{"url": "/api/v1"}]
    assert not any(path.startswith("/sign-in") for path in made["paths"])
    for path, kinds in made["paths"].items():
        for kind, operation in kinds.items():
            answers = operation["responses"]
            assert {"401", "422", "503"} <= set(answers), (path, kind)
            for status, each in answers.items():
                if int(status) >= 400:
                    assert list(each["content"]) == ["application/problem+json"], (path, status)
            assert operation["security"] == [{"HTTPBearer": []}], (path, kind)
