"""A plan that is written and read again is the same plan, whatever people put into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from migrator.ids import ID_PATTERN, PersonId, PlaceId, SubsystemId, TeamId, WaveId
from migrator.plan.digest import plan_digest
from migrator.plan.disturbance import DisturbanceLimits
from migrator.plan.foresight import Foresight
from migrator.plan.means import Call, Command, InDoubt, Manual, Means, Wait
from migrator.plan.model import (
    Act,
    Constraints,
    Figures,
    Plan,
    PlanInventory,
    PlannedGate,
    PlannedMove,
    PlannedWave,
    Policy,
    Reaction,
    Recipe,
    RecipeStep,
    RecipeUndo,
    Stay,
    StepKind,
    Trouble,
    UndoKind,
    Window,
)
from migrator.plan.text import plan_from_text, plan_to_text
from migrator.plan.verifying import Verifying

ids = st.from_regex(ID_PATTERN.replace("{0,99}$", "{0,9}"), fullmatch=True)
# Everything a YAML file could hold, with what people really type more often.
texts = st.one_of(
    st.sampled_from(
        ["no", "On", "1e3", "0x1f", "~", "null", "a: b", "a #b", "- x", "'", '"', "å ö"]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
some_text = texts.filter(bool)
minutes = st.one_of(st.integers(0, 500_000).map(float), st.floats(0, 500_000))
numbers = st.floats(allow_nan=False, allow_infinity=False)
counts = st.integers(0, 10**9)
moments = st.builds(
    lambda seconds, offset: (
        datetime(2023, 10, 28, 12, tzinfo=UTC).astimezone(timezone(timedelta(hours=offset)))
        + timedelta(seconds=seconds)
    ),
    st.integers(0, 3 * 24 * 3600),  # across the night in which an hour exists twice
    st.integers(-5, 5),
)
zones = st.sampled_from(["Europe/Stockholm", "UTC", "America/St_Johns", "Asia/Tokyo"])

# Braces are filled in when an act is performed, so those that mean nothing are faults.
words = texts.map(lambda text: text.replace("{", "(").replace("}", ")"))
named = st.dictionaries(st.sampled_from(["PGHOST", "LANG", "X_1"]), words, max_size=2)
secrets = st.dictionaries(
    st.sampled_from(["PGPASSWORD", "TOKEN"]), st.sampled_from(["env:A", "file:/etc/a"]), max_size=2
)
commands = st.builds(
    Command,
    argv=st.tuples(words.filter(bool), words, st.just("{subsystem}")),
    host=st.sampled_from(["", "db1", "root@db1"]),
    folder=words,
    environment=named,
    secrets=secrets,
    files=st.lists(st.sampled_from(["copy.sh", "sql/a b.sql"]), max_size=2).map(tuple),
    expects=st.lists(st.integers(0, 255), max_size=3).map(tuple),
    output_kib_max=st.integers(1, 16384),
)
calls = st.builds(
    Call,
    method=st.sampled_from(["GET", "POST", "PUT"]),
    url=st.sampled_from(["http://a/b", "https://a:1/{subsystem}?x=1"]),
    headers=st.dictionaries(st.sampled_from(["X-A", "Accept"]), st.just("a b"), max_size=2),
    secrets=secrets,
    body=words,
    expects=st.lists(st.integers(100, 599), min_size=1, max_size=3).map(tuple),
    poll_url=st.sampled_from(["", "http://a/{token}"]),
    poll_seconds=st.sampled_from([1.0, 5.0, 30.0]),
    done_when=st.just("state=done"),
    failed_when=st.sampled_from(["", "state=failed"]),
)
observing = st.one_of(
    st.builds(lambda it: {"in_doubt": InDoubt.OBSERVE, "observe": it}, commands),
    st.builds(lambda it: {"in_doubt": InDoubt.OBSERVE, "observe_call": it}, calls),
    st.sampled_from([{"in_doubt": InDoubt.REPEAT}, {"in_doubt": InDoubt.ASK}]),
)
performing = st.one_of(
    st.builds(
        lambda it, tries, doubt: Means(command=it, dry_run=tries, **doubt),
        commands,
        st.none() | commands,
        observing,
    ),
    st.builds(lambda it, doubt: Means(call=it, **doubt), calls, observing),
)
waiting = st.one_of(
    st.builds(Wait, moments),
    st.builds(Wait, st.none(), minutes),
).map(lambda it: Means(InDoubt.REPEAT, wait=it))
by_hand = st.builds(
    lambda text, persons: Means(InDoubt.REPEAT, manual=Manual(text, tuple(persons))),
    st.dictionaries(st.sampled_from(["en", "sv"]), some_text, min_size=1),
    st.lists(ids, max_size=2),
)
means = st.one_of(performing, waiting, by_hand)
undo_names = st.lists(st.sampled_from([*UndoKind, "drop-index"]), max_size=2).map(tuple)
limits = st.one_of(st.none(), minutes)
steps = st.lists(
    st.one_of(
        st.builds(
            RecipeStep,
            st.sampled_from([kind for kind in StepKind if kind is not StepKind.TASK]),
            numbers,
            undo_names,
            limit_minutes=limits,
            means=st.one_of(st.none(), means),
        ),
        st.builds(
            RecipeStep,
            st.just(StepKind.TASK),
            numbers,
            undo_names,
            st.sampled_from(["rebuild-index", "tell-the-bank"]),
            st.booleans(),
            limits,
            means,
        ),
    ),
    max_size=3,
).map(tuple)
undos = st.lists(
    st.one_of(
        st.builds(
            RecipeUndo,
            st.sampled_from([kind for kind in UndoKind if kind is not UndoKind.UNDO_TASK]),
            numbers,
            limit_minutes=limits,
        ),
        st.builds(
            RecipeUndo,
            st.just(UndoKind.UNDO_TASK),
            numbers,
            st.just("drop-index"),
            limits,
            means,
        ),
        st.builds(
            lambda means, proof: RecipeUndo(
                UndoKind.BRING_BACK, 0.5, means=replace(means, proof=proof)
            ),
            performing,
            commands,
        ),
    ),
    max_size=3,
).map(tuple)
recipes = st.dictionaries(some_text, st.tuples(steps, undos, steps), max_size=2).map(
    lambda parts: {name: Recipe(name, *part) for name, part in parts.items()}
)
reactions = st.builds(
    Reaction, st.sampled_from(Act), minutes, minutes, counts, st.sampled_from(["wave", "move"])
)
shares = st.floats(0, 1)
policies = st.builds(
    Policy,
    on=st.fixed_dictionaries(dict.fromkeys(Trouble, reactions)),
    soak_minutes=minutes,
    drain_minutes_max=minutes,
    step_minutes_max=minutes,
    gate_default=st.sampled_from(["no-go", "wait"]),
    gate_deadline_minutes=minutes,
    after_unwind=st.sampled_from(["continue", "hold"]),
    next_wave_when=st.sampled_from(["verified", "accepted"]),
    ahead_of_gate=st.lists(st.sampled_from(StepKind), max_size=3).map(tuple),
    waves_per_attempt_max=counts,
    approval_lapses_when=st.lists(st.sampled_from(["plan", "links"]), max_size=2).map(tuple),
    forecast=st.builds(
        Foresight, shares, shares, st.booleans(), st.booleans(), minutes, shares, counts
    ),
    disturbances=st.builds(DisturbanceLimits, minutes, shares, minutes),
    verifying=st.builds(
        Verifying,
        st.sampled_from(["core", "passing"]),
        minutes,
        minutes,
        st.sampled_from(["assumed", "required"]),
        minutes,
        st.booleans(),
    ),
)
moves = st.builds(
    PlannedMove,
    ids.map(SubsystemId),
    some_text,
    ids.map(TeamId),
    moments,
    moments,
    moments,
    st.booleans(),
)
waves = st.builds(
    PlannedWave,
    ids.map(WaveId),
    texts,
    st.booleans(),
    st.builds(PlannedGate, moments, st.lists(ids.map(PersonId), max_size=2).map(tuple)),
    st.none() | ids.map(PersonId),
    st.lists(moves, max_size=3).map(tuple),
)
plans = st.builds(
    Plan,
    name=some_text,
    schema_version=st.just(1),
    inventory=st.builds(PlanInventory, some_text, some_text, texts, counts, texts),
    window=st.builds(Window, moments, moments, zones),
    source=st.none() | ids.map(PlaceId),
    target=st.none() | ids.map(PlaceId),
    policy=policies,
    recipes=recipes,
    constraints=st.builds(
        Constraints,
        counts,
        counts,
        counts,
        st.dictionaries(
            ids.map(SubsystemId), st.lists(ids.map(WaveId), max_size=2).map(tuple), max_size=2
        ),
    ),
    waves=st.lists(waves, max_size=3).map(tuple),
    stays=st.lists(
        st.builds(
            Stay,
            ids.map(SubsystemId),
            texts,
            st.none() | st.dates(date(2000, 1, 1), date(2199, 1, 1)),
        ),
        max_size=2,
    ).map(tuple),
    assumed=st.lists(texts, max_size=3).map(tuple),
    figures=st.builds(Figures, numbers, numbers, numbers, st.integers(), counts),
)


@settings(max_examples=60, deadline=None)
@given(plans, st.dictionaries(ids.map(SubsystemId), texts, max_size=2), st.data())
def test_a_plan_survives_its_file(
    plan: Plan, names: dict[SubsystemId, str], data: st.DataObject
) -> None:
    moving = [move.subsystem for wave in plan.waves for move in wave.moves]
    if moving:
        names[data.draw(st.sampled_from(moving))] = data.draw(texts)
    read = plan_from_text(plan_to_text(plan, names), "plan.yaml")
    assert read == plan
    assert plan_digest(read) == plan_digest(plan)


@settings(max_examples=20, deadline=None)
@given(plans)
def test_a_file_written_again_is_the_same_file(plan: Plan) -> None:
    text = plan_to_text(plan, {})
    assert plan_to_text(plan_from_text(text, "plan.yaml"), {}) == text
