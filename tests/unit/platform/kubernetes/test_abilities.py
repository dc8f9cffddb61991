"""Which acts the cluster performs for which subsystem, and the reason where it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator.plan.model import StepKind, UndoKind
from migrator.plan.recipes import RECIPES
from migrator.platform.kubernetes.abilities import why_not
from migrator.platform.kubernetes.subject import DatabaseMove, Subject
from migrator.platform.postgresql.ends import DatabaseEnd
from on_fake_cluster import a_subject

S, U = StepKind, UndoKind
STATELESS, STATEFUL = RECIPES["stateless"], RECIPES["stateful"]


def a_database() -> DatabaseMove:
    source = DatabaseEnd("192.0.2.1", 5432, "a", "migrator")
    return DatabaseMove("a", source, DatabaseEnd("192.0.2.2", 5432, "a", "migrator"), ())


@pytest.fixture
def plain() -> Subject:
    return a_subject("a", 0)


def test_a_subsystem_without_a_folder_cannot_be_performed_for() -> None:
    assert "there is no folder manifests/a" in why_not(None, "a", STATELESS, S.PREPARE)


@pytest.mark.parametrize(
    "act",
    [
        *(S.PREPARE, S.BASELINE, S.START, S.PROBE, S.SWITCH, S.DRAIN, S.PROBE_LINKS, S.SOAK),
        *(S.FINALISE, S.RETIRE, U.SWITCH_BACK, U.PROVE_BACK, U.STOP_TARGET, U.REMOVE),
    ],
)
def test_what_happens_on_the_target_is_performed(plain: Subject, act: str) -> None:
    assert why_not(plain, "a", STATELESS, act) == ""


@pytest.mark.parametrize("act", [S.QUIESCE, U.START_SOURCE])
def test_what_happens_on_old_hosts_wants_means(plain: Subject, act: str) -> None:
    assert f"'{act}' happens on the old side" in why_not(plain, "a", STATELESS, act)


@pytest.mark.parametrize(
    "act", [S.COPY, S.FENCE, S.FINAL_COPY, S.GRANT, U.BRING_BACK, U.GRANT_SOURCE, U.DISCARD_COPY]
)
def test_data_want_a_database_that_is_named(plain: Subject, act: str) -> None:
    assert "names no database" in why_not(plain, "a", STATEFUL, act)
    assert why_not(replace(plain, databases=(a_database(),)), "a", STATEFUL, act) == ""


def test_the_fence_of_a_stateless_one_is_the_old_sides_even_with_a_database(
    plain: Subject,
) -> None:
    assert why_not(replace(plain, databases=(a_database(),)), "a", STATELESS, S.FENCE)


@pytest.mark.parametrize("act", [S.SWITCH, S.DRAIN, U.SWITCH_BACK])
def test_without_a_front_only_a_stateful_one_has_something_to_switch(
    plain: Subject, act: str
) -> None:
    without = replace(plain, fronts=())
    assert "names no front" in why_not(without, "a", STATELESS, act)
    assert why_not(without, "a", STATEFUL, act) == ""


def test_a_folder_without_objects_has_nothing_to_prepare(plain: Subject) -> None:
    assert "holds no object" in why_not(replace(plain, objects=()), "a", STATELESS, S.PREPARE)
