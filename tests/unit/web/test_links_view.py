"""The page of the links: what is proved, what is worse, why, and what one does about it."""

from __future__ import annotations

import pytest

from migrator.engine import events as ev
from migrator.engine.fold import apply
from migrator.engine.run import Run, new_run
from migrator.reports.texts import texts
from migrator.web.links_view import LOST, TO_DO, WORSE, links_page
from weekend import START, a_weekend

T = texts("en", "Europe/Stockholm")
ONE, TWO = "sickness-intake", "parental-intake"


@pytest.fixture
def run() -> Run:
    return new_run(a_weekend(2, 3).itinerary)


def judged(run: Run, move: str, look: str, worse: int = 0, **more: object) -> None:
    event = ev.LinksJudged(
        move,
        1,
        look,
        30,
        1,
        2,
        worse,
        4,
        ("l-1",) if worse else (),
        **more,  # type: ignore[arg-type] # by name
    )
    apply(run, START, event)


def test_what_nobody_has_tried_is_not_called_good(run: Run) -> None:
    page = links_page(run, T)
    assert (page.swept, page.shares, page.links) == (False, (), 4711)
    assert [wave.looked_at for wave in page.waves] == [0, 0]


def test_coverage_adds_up_and_a_hundred_per_cent_is_said_of_all_only(run: Run) -> None:
    covered = ev.LinksCovered("before", START.isoformat(), 10_000, 9_990, 4, 3, 2, 1)
    apply(run, START, covered)
    page = links_page(run, T)
    assert sum(share.links for share in page.shares) == page.links == 10_000
    assert page.shares[0].per_cent == "99.9"
    assert page.swept_at == START


def test_the_subsystem_with_most_worse_links_stands_first_with_what_to_do(run: Run) -> None:
    judged(run, ONE, "probe-links", 3, slower=1, causes=("network 10.0.0.0/24",), sweep="s1")
    judged(run, TWO, "probe-links", 7, wrong_side=7, causes=("network 10.0.0.0/24", "port 22"))
    page = links_page(run, T)
    assert [(each.move, each.worse) for each in page.failing] == [(TWO, 7), (ONE, 3)]
    assert page.worse == 10
    assert [(word, links) for word, links, _ in page.failing[1].kinds] == [
        (WORSE[LOST], 2),
        (WORSE["slower"], 1),
    ]
    assert page.failing[1].kinds[0][2] == TO_DO[LOST]
    shared, own = page.causes
    assert (shared.said, len(shared.moves)) == ("network 10.0.0.0/24", 2)
    assert (own.said, own.waves) == ("port 22", ("w01",))


def test_the_newest_look_counts_and_a_baseline_is_never_worse(run: Run) -> None:
    judged(run, ONE, "baseline")
    judged(run, ONE, "probe-links", 5)
    judged(run, ONE, "soak", 0)
    page = links_page(run, T)
    assert page.failing == ()
    assert page.waves[0].worse == 0
    assert page.waves[0].answer == 31


def test_a_link_that_was_let_be_is_no_longer_worse(run: Run) -> None:
    judged(run, ONE, "probe-links", 1)
    run.moves[ONE].waived["probe-links"] = ("l-1",)
    page = links_page(run, T)
    assert page.failing == ()
    assert page.waves[0].waived == 1


def test_one_wave_can_be_asked_for(run: Run) -> None:
    judged(run, ONE, "probe-links", 2)
    assert [each.move for each in links_page(run, T, "w01").failing] == [ONE]
    other = links_page(run, T, "w02")
    assert (other.failing, [wave.id for wave in other.waves]) == ((), ["w02"])
