"""A look at the links of a move: whose side is whose, what is deferred, and what fails a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from migrator.engine.ports import ActResult
from migrator.errors import TransientError
from migrator.ids import SubsystemId
from migrator.probes.model import Purpose, SweepPlan
from migrator.probes.prover import ROUNDS_MAX, Judged, Looked, Prover
from migrator.probes.verdicts import Verdict

SAME = {(Verdict.SAME, ""): 9}


@dataclass
class Sweeps:
    """Sweeps that nobody makes: each judgement in turn, the last one again and again. A fake."""

    judgements: list[Judged]
    lost: tuple[str, ...] = ()
    looks: int = 9
    planned: list[tuple[str, Purpose, str, dict[str, str]]] = field(default_factory=list)
    judged: list[tuple[str, str]] = field(default_factory=list)
    meanwhile: list[frozenset[str]] = field(default_factory=list)
    arrived: list[str] = field(default_factory=list)  # one each look
    standing: dict[str, str] = field(default_factory=dict)
    crossing: frozenset[str] = frozenset()

    async def plan(
        self, sweep: str, purpose: Purpose, move: str, sides: Mapping[str, str]
    ) -> SweepPlan:
        self.planned.append((sweep, purpose, move, dict(sides)))
        return SweepPlan(
            sweep, Path("sweeps") / sweep, purpose, move, (SubsystemId(move),), 1, 9, 9,
            self.looks, {}, (), 1.0, sides={SubsystemId(n): word for n, word in sides.items()},
        )  # fmt: skip

    async def carry_out(self, plan: SweepPlan, seconds_max: float) -> tuple[str, ...]:
        if self.meanwhile:
            self.crossing = self.meanwhile.pop(0)
        if self.arrived:
            self.standing[self.arrived.pop(0)] = "new"
        return self.lost

    async def judge(self, plan: SweepPlan, baseline: str) -> Judged:
        self.judged.append((plan.id, baseline))
        return self.judgements.pop(0) if len(self.judgements) > 1 else self.judgements[0]


def prover(sweeps: Sweeps, kept: dict[str, object] | None = None, **sides: str) -> Prover:
    notes: dict[str, object] = {} if kept is None else kept
    sweeps.standing |= sides
    return Prover(
        sweeps,
        lambda: sweeps.standing,
        lambda: sweeps.crossing,
        notes.__setitem__,
        notes.get,
        0.0,
    )


async def looked(found: Prover, act: str, nth: int = 1) -> ActResult:
    return await found.look(Looked("kassa", act, 1, nth, 60.0))


async def test_each_look_is_judged_against_the_baseline_of_its_attempt() -> None:
    sweeps, kept = Sweeps([Judged(SAME)]), dict[str, object]()
    asked = prover(sweeps, kept)
    await looked(asked, "baseline")
    await looked(asked, "probe-links")
    assert sweeps.judged == [
        ("kassa-1-baseline-1", ""),
        ("kassa-1-probe-links-1", "kassa-1-baseline-1"),
    ]
    assert kept == {"links/kassa/1": "kassa-1-baseline-1"}


async def test_a_baseline_that_is_taken_again_is_the_one_that_counts() -> None:
    sweeps, kept = Sweeps([Judged(SAME)]), dict[str, object]()
    await looked(prover(sweeps, kept), "baseline", 1)
    await looked(prover(sweeps, kept), "baseline", 2)
    assert kept == {"links/kassa/1": "kassa-1-baseline-2"}
    assert [baseline for _, baseline in sweeps.judged] == ["", ""]


@pytest.mark.parametrize(
    ("act", "purpose", "own"),
    [
        ("baseline", Purpose.BASELINE, None),
        ("probe-links", Purpose.PROBE_LINKS, "new"),
        ("prove-back", Purpose.PROVE_BACK, None),
    ],
)
async def test_the_move_stands_where_its_look_is_about(
    act: str, purpose: Purpose, own: str | None
) -> None:
    """Whatever the journal says of it at that moment, and though it is itself on its way."""
    sweeps = Sweeps([Judged(SAME)], crossing=frozenset({"kassa", "lon"}))
    await looked(prover(sweeps, kassa="none", lon="old", brev="new", arkiv="old"), act)
    wanted = {"brev": "new", "lon": "none"} | ({"kassa": own} if own else {})
    assert sweeps.planned == [("kassa-1-" + act + "-1", purpose, "kassa", wanted)]


async def test_links_to_somebody_between_the_sides_are_deferred_and_fail_nothing() -> None:
    found = await looked(
        prover(Sweeps([Judged({**SAME, (Verdict.UNPROVED, "no-side"): 4})])), "probe-links"
    )
    assert found.outcome == "done"
    assert found.judged is not None
    assert (found.judged.same, found.judged.deferred, found.judged.unproved) == (9, 4, 0)


async def test_links_that_are_worse_fail_the_look_with_what_they_share() -> None:
    worse = {
        **SAME,
        (Verdict.REGRESSED, ""): 3,
        (Verdict.WRONG_SIDE, ""): 2,
        (Verdict.SLOWER, ""): 1,
    }
    names = tuple(f"l{n}" for n in range(6))
    judged = Judged(worse, names, ("port 5432 of kassa.db is refused: 3 links",))
    found = await looked(prover(Sweeps([judged])), "probe-links")
    assert found.outcome == "failed"
    assert found.detail.startswith("port 5432 of kassa.db is refused: 3 links; 9 of 9 links answer")
    event = found.judged
    assert event is not None
    assert (event.regressed, event.wrong_side, event.slower) == (6, 2, 1)
    assert event.examples == names[:5]
    assert event.sweep == "kassa-1-probe-links-1"


async def test_a_baseline_finds_links_broken_and_never_worse() -> None:
    judged = Judged({(Verdict.WRONG_SIDE, ""): 2, (Verdict.WAS_BROKEN, ""): 1, **SAME}, ("l1",))
    found = await looked(prover(Sweeps([judged])), "baseline")
    assert found.outcome == "done"
    assert found.judged is not None
    assert (found.judged.broken, found.judged.regressed, found.judged.examples) == (3, 0, ())


async def test_what_was_proved_and_cannot_be_looked_at_now_fails_the_look() -> None:
    dark = Judged({**SAME, (Verdict.UNPROVED, "vantage-lost"): 5}, dark=5, lost=("web1: gone",))
    found = await looked(prover(Sweeps([dark])), "probe-links")
    assert found.outcome == "failed"
    assert "5 that answered before could not be looked at; web1: gone" in found.detail
    assert found.judged is not None
    assert (found.judged.regressed, found.judged.unproved) == (0, 5)


async def test_where_nobody_could_look_at_all_the_act_is_tried_again() -> None:
    blind = Judged({(Verdict.UNPROVED, "vantage-lost"): 9})
    with pytest.raises(TransientError, match="nobody could look at the links of kassa: web1: gone"):
        await looked(prover(Sweeps([blind], lost=("web1: gone",))), "baseline")


async def test_links_of_which_none_can_be_looked_at_are_no_lost_vantage_point() -> None:
    declared = Judged({(Verdict.UNTESTABLE, ""): 9})
    found = await looked(prover(Sweeps([declared], looks=0)), "baseline")
    assert found.outcome == "done"
    assert found.judged is not None
    assert found.judged.untestable == 9


async def test_a_look_that_a_neighbours_crossing_spoilt_is_made_again() -> None:
    worse = Judged({(Verdict.REGRESSED, ""): 2})
    sweeps = Sweeps([worse, Judged(SAME)], meanwhile=[frozenset({"lon"})])
    found = await looked(prover(sweeps), "probe-links")
    assert found.outcome == "done"
    assert [name for name, *_ in sweeps.planned] == [
        "kassa-1-probe-links-1",
        "kassa-1-probe-links-1-2",
    ]
    assert sweeps.planned[1][3]["lon"] == "none"


async def test_a_look_during_which_a_neighbour_crossed_from_side_to_side_is_made_again() -> None:
    """It begins after the look was planned and has arrived before the look ends."""
    wrong = Judged({(Verdict.WRONG_SIDE, ""): 1})
    sweeps = Sweeps([wrong, wrong, Judged(SAME)], arrived=["lon", "brev"])
    found = await looked(prover(sweeps), "probe-links")
    assert found.outcome == "done"
    assert [sides for *_, sides in sweeps.planned] == [
        {"kassa": "new"},
        {"kassa": "new", "lon": "new"},
        {"kassa": "new", "lon": "new", "brev": "new"},
    ]


async def test_a_baseline_that_a_crossing_spoilt_is_taken_again() -> None:
    """What it calls broken would be missed by nobody afterwards."""
    kept: dict[str, object] = {}
    sweeps = Sweeps([Judged({(Verdict.WAS_BROKEN, ""): 2}), Judged(SAME)], arrived=["lon"])
    found = await looked(prover(sweeps, kept), "baseline")
    assert found.judged is not None
    assert (found.judged.same, found.judged.broken) == (9, 0)
    assert kept == {"links/kassa/1": "kassa-1-baseline-1-2"}


async def test_a_look_that_is_always_spoilt_ends() -> None:
    worse = Judged({(Verdict.REGRESSED, ""): 2})
    sweeps = Sweeps([worse], arrived=[f"s{n}" for n in range(99)])
    found = await looked(prover(sweeps), "probe-links")
    assert found.outcome == "failed"
    assert len(sweeps.planned) == 6


async def test_a_look_that_nobody_spoilt_is_made_once() -> None:
    sweeps = Sweeps([Judged({(Verdict.REGRESSED, ""): 2})], crossing=frozenset({"lon"}))
    found = await looked(prover(sweeps), "probe-links")
    assert found.outcome == "failed"
    assert len(sweeps.planned) == 1


async def test_a_soak_ends_with_the_first_look_that_found_links_worse() -> None:
    sweeps = Sweeps([Judged(SAME), Judged(SAME), Judged({(Verdict.SLOWER, ""): 1})])
    found = await prover(sweeps).soak(Looked("kassa", "soak", 1, 1, 60.0), 0.5)
    assert found.outcome == "failed"
    assert found.detail.startswith("3 looks at every link in 0 s")
    assert [name for name, *_ in sweeps.planned] == [
        f"kassa-1-soak-1-round-{number}" for number in (1, 2, 3)
    ]


async def test_a_soak_of_no_length_is_one_look() -> None:
    sweeps = Sweeps([Judged(SAME)])
    found = await prover(sweeps).soak(Looked("kassa", "soak", 1, 1, 60.0), 0.0)
    assert (found.outcome, len(sweeps.planned)) == ("done", 1)


async def test_a_long_soak_looks_a_bounded_number_of_times() -> None:
    """A round costs processes and looks; what breaks at once is seen at the fronts."""
    sweeps = Sweeps([Judged(SAME)])
    await prover(sweeps).soak(Looked("kassa", "soak", 1, 1, 60.0), 0.4)
    assert 2 <= len(sweeps.planned) <= ROUNDS_MAX + 1
