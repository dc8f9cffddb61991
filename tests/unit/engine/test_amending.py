"""Amend: other bytes for one file of one act, from its next try on, and two people for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from itineraries import an_itinerary
from migrator.engine import events as ev
from migrator.engine.amending import digest_in_use, dry_run_of, files_of, what_is_joined, why_not
from migrator.engine.fold import fold
from migrator.engine.states import ActState, WaveState
from migrator.engine.waits import waits
from migrator.plan.means import Command, InDoubt, Means
from migrator.plan.model import Itinerary, Recipe, StepKind, UndoKind
from playing import Play

COPY = "a/copy"
NOW = "b" * 64
WAS = "a" * 64
JOINED = what_is_joined("copy.sh", NOW)


def scripted() -> Itinerary:
    """Copies are done by a script, which also observes them; the rest is the platform's."""
    itinerary = an_itinerary()
    means = Means(
        InDoubt.OBSERVE,
        Command(("sh", "copy.sh"), files=("copy.sh", "both.sh")),
        observe=Command(("sh", "look.sh"), files=("look.sh", "both.sh")),
    )
    undo = Means(InDoubt.REPEAT, Command(("sh", "away.sh"), files=("away.sh",)))
    stateful = itinerary.recipes["stateful"]
    recipe = replace(
        stateful,
        steps=tuple(
            replace(step, means=means) if step.kind is StepKind.COPY else step
            for step in stateful.steps
        ),
        unwind=tuple(
            replace(each, means=undo) if each.kind is UndoKind.DISCARD_COPY else each
            for each in stateful.unwind
        ),
    )
    recipes: dict[str, Recipe] = {**itinerary.recipes, "stateful": recipe}
    return replace(itinerary, recipes=recipes, files={"script/copy.sh": WAS})


def failed_copy() -> Play:
    """The copy of `a` has failed for good, and its wave is held for it."""
    play = Play(scripted())
    play.go_on(COPY)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.MOVING, but=(COPY,))
    play.fail(COPY)
    assert play.wave() is WaveState.HELD
    return play


def amend(play: Play, by: str = "anna", user: str = "u1", **words: str) -> tuple[ev.Event, ...]:
    """Give the verb; what is not told is right."""
    told = {"file": "copy.sh", "was": WAS, "now": NOW, "os_user": user, **words}
    return play.say("amend", COPY, by, **told)


def refusal(play: Play, target: str = COPY, by: str = "anna", **words: str) -> str:
    """Why it is refused."""
    told = {"file": "copy.sh", "was": WAS, "now": NOW, "os_user": "u1", **words}
    return play.refusal("amend", target, by, **told)


def test_the_files_of_an_act_are_those_of_all_its_commands() -> None:
    run = Play(scripted()).run
    assert files_of(run, "a", "copy") == ("copy.sh", "both.sh", "look.sh")
    assert files_of(run, "a", "discard-copy") == ("away.sh",)
    assert files_of(run, "a", "switch") == files_of(run, "a", "nothing") == ()
    assert digest_in_use(run, "a", "copy", "copy.sh") == WAS
    assert digest_in_use(run, "a", "copy", "look.sh") == ""


def test_two_people_give_a_failed_step_other_bytes_and_only_that_step() -> None:
    play = failed_copy()
    asked = amend(play)[1]
    assert asked == ev.SecondAsked("amend", COPY, JOINED, "anna", "u1", "so be it", "none_declared")
    assert play.run.amended == {}

    assert amend(play, "bo", "u2")[1] == ev.StepAmended(
        "a", "copy", "copy.sh", WAS, NOW, "bo", "anna", "so be it", "none_declared"
    )

    assert play.run.amended == {("a", "copy"): {"copy.sh": NOW}}
    assert digest_in_use(play.run, "a", "copy", "copy.sh") == NOW
    assert digest_in_use(play.run, "b", "copy", "copy.sh") == WAS
    assert play.run.seconds_asked == {}
    tried = "it declares no dry run, so nothing was tried out"
    note = f"a/copy: copy.sh amended by bo and anna: so be it; {tried}"
    assert play.run.exceptions == play.run.waves["w1"].exceptions == [note]
    assert play.wave() is WaveState.HELD, "the hold ends when the step is tried again"
    play.say("retry", COPY)
    play.go_on(lambda run: run.waves["w1"].state is WaveState.ACCEPTED)
    assert fold(play.run.itinerary, play.history) == play.run


def test_a_code_proves_the_second_person() -> None:
    play = failed_copy()
    play.codes = {"bo": "d1"}

    assert "not valid" in refusal(play, second="bo", code_digest="d2")
    events = amend(play, second="bo", code_digest="d1")

    assert [type(event) for event in events[1:3]] == [ev.CodeSpent, ev.StepAmended]
    assert play.last(ev.StepAmended).second == "bo"


def test_the_second_person_is_somebody_else_with_another_account_and_the_same_bytes() -> None:
    play = failed_copy()
    amend(play)
    assert "anna has asked already; a second person must join" in refusal(play, os_user="u2")
    assert "another operating-system user than 'u1'" in refusal(play, by="bo")
    asked = amend(play, "bo", "u2", now="c" * 64)[1]
    assert isinstance(asked, ev.SecondAsked), "other bytes are asked for anew"
    assert len(play.run.seconds_asked) == 2


def test_nobody_joins_with_the_same_bytes_for_another_file() -> None:
    play = failed_copy()
    amend(play)
    asked = amend(play, "bo", "u2", file="both.sh", was="")[1]

    assert isinstance(asked, ev.SecondAsked)
    assert play.run.amended == {}
    assert len(play.run.seconds_asked) == 2


def test_a_journal_that_asks_for_the_bytes_alone_is_folded_too() -> None:
    play = failed_copy()
    play.note(
        ev.SecondAsked("amend", COPY, NOW, "anna", "u1", "so be it"),
        ev.StepAmended("a", "copy", "copy.sh", WAS, NOW, "bo", "anna", "so be it"),
    )

    assert play.run.seconds_asked == {}


@pytest.mark.parametrize(
    ("target", "words", "why"),
    [
        ("z/copy", {}, "'z' is not a step: write it as subsystem/step"),
        ("a", {}, "'a' is not a step: write it as subsystem/step"),
        ("a/nothing", {}, "a has no step 'nothing'; it has prepare, baseline, copy"),
        (COPY, {"file": "cpy.sh"}, "a/copy has no file 'cpy.sh': it has copy.sh, both.sh, look.sh"),
        ("a/switch", {}, "a/switch has no file 'copy.sh': no command of it names a file"),
        (COPY, {"reason": ""}, "an amendment needs a reason"),
        (COPY, {"now": WAS}, "these are the bytes that a/copy uses for copy.sh already"),
        (COPY, {"was": NOW, "now": "c"}, "was amended since you saw the difference"),
        ("a/prepare", {}, "a/prepare is done; there is no next try that could use it"),
    ],
)
def test_what_cannot_be_amended_is_refused_in_words(
    target: str, words: dict[str, str], why: str
) -> None:
    play = failed_copy()
    assert why in refusal(play, target, **words)


def tried(*, practice: bool) -> Play:
    """The failed copy, of a recipe that says how it is tried out."""
    play = failed_copy()
    recipe = play.run.itinerary.recipes["stateful"]
    dry_run = Command(("sh", "copy.sh", "--check"), files=("copy.sh", "check.sh"))
    steps = tuple(
        replace(step, means=replace(step.means, dry_run=dry_run))
        if step.kind is StepKind.COPY and step.means is not None
        else step
        for step in recipe.steps
    )
    recipes = {**play.run.itinerary.recipes, "stateful": replace(recipe, steps=steps)}
    play.run.itinerary = replace(play.run.itinerary, recipes=recipes)
    assert play.run.started is not None
    play.run.started = replace(play.run.started, practice=practice)
    return play


def test_no_file_of_a_live_step_is_amended_that_its_dry_run_did_not_pass_with() -> None:
    play = tried(practice=False)
    assert files_of(play.run, "a", "copy") == ("copy.sh", "both.sh", "look.sh", "check.sh")
    assert dry_run_of(play.run, "a", "discard-copy") is None
    for outcome in ("", "failed", "practice", "none_declared"):
        assert "the dry run of a/copy was not made" in refusal(play, dry_run=outcome)

    asked = amend(play, dry_run="passed")[1]
    assert isinstance(asked, ev.SecondAsked)
    assert asked.dry_run == "passed"
    assert "was not made with these bytes" in refusal(play, by="bo", os_user="u2")
    assert play.run.amended == {}
    amend(play, "bo", "u2", dry_run="passed")

    assert play.last(ev.StepAmended).dry_run == "passed"
    assert play.run.exceptions[-1].endswith("so be it; its dry run passed")


def test_a_practice_makes_no_dry_run_whoever_says_so() -> None:
    play = tried(practice=True)
    amend(play, dry_run="passed")
    amend(play, "bo", "u2")
    assert play.last(ev.StepAmended).dry_run == "practice"


def test_a_journal_from_before_there_were_dry_runs_says_nothing_of_one() -> None:
    play = failed_copy()
    play.note(ev.StepAmended("a", "copy", "copy.sh", WAS, NOW, "bo", "anna", "so be it"))
    assert play.run.exceptions == ["a/copy: copy.sh amended by bo and anna: so be it"]
    data = ev.event_to_data(play.last(ev.StepAmended))
    del data["dry_run"]
    assert ev.event_from_data("StepAmended", data) == play.last(ev.StepAmended)


def test_why_it_may_not_be_amended_is_known_before_anything_is_tried_out() -> None:
    play = failed_copy()
    assert why_not(play.run, COPY, "copy.sh", NOW) == ""
    assert "has no file" in why_not(play.run, COPY, "cpy.sh", NOW)
    assert "already" in why_not(play.run, COPY, "copy.sh", WAS)
    assert "no next try" in why_not(play.run, "a/prepare", "copy.sh", NOW)


def test_an_act_under_way_keeps_the_bytes_that_it_began_with() -> None:
    play = Play(scripted())
    play.go_on(COPY)
    assert "a/copy is under way with the bytes that it began with" in refusal(play)


def test_what_waits_is_amended_once_it_stands_still() -> None:
    play = Play(scripted())
    assert play.act(COPY).state is ActState.WAITING
    assert "nothing holds it: migrator hold RUN w1 first, or migrator pause RUN" in refusal(play)
    play.say("pause")
    amend(play)
    play.say("resume")
    play.say("hold", "w1")
    amend(play, "bo", "u2")
    assert play.run.amended == {("a", "copy"): {"copy.sh": NOW}}


def test_an_undo_is_amended_like_a_step() -> None:
    play = failed_copy()
    told = {"file": "away.sh", "was": "", "now": NOW}
    play.say("amend", "a/discard-copy", "anna", os_user="u1", **told)
    play.say("amend", "a/discard-copy", "bo", os_user="u2", **told)
    assert play.last(ev.StepAmended).step == "discard-copy"
    assert play.run.amended == {("a", "discard-copy"): {"away.sh": NOW}}


def test_what_waits_for_a_second_person_is_told_until_it_is_joined_or_over() -> None:
    play = failed_copy()
    amend(play)
    play.note(ev.SecondAsked("replan", "", "d", "bo", "u1", "so be it"))

    told = {wait.what: wait for wait in waits(play.run, play.now)}
    tried = "it declares no dry run, so nothing was tried out"
    wait = told[f"anna wants to amend a/copy: so be it; {tried}"]
    assert (wait.human, wait.waits_for, wait.subject) == (True, "a second person", COPY)
    assert wait.choices[0][0] == "amend RUN a/copy --file NAME=PATH --reason ..."
    assert told["bo wants to replan: so be it"].choices[0][0] == "replan RUN NEWPLAN --reason ..."

    play.say("retry", COPY)
    play.end(COPY)
    assert [wait.what for wait in waits(play.run, play.now) if "wants to" in wait.what] == [
        "bo wants to replan: so be it"
    ]
