"""The search in the kernel: valid, better than people's orders, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from builders import at, ids
from migrator.ids import SubsystemId, WaveId
from migrator.inventory.model import Calendar, FixedDate, Inventory, Relation, RelationKind
from migrator.links.table import Pair
from migrator.plan.model import Plan
from migrator.planner.build import Planned, plan_estate, usual_evaluations
from migrator.schedule.messages import Message
from migrator.schedule.process import Kernel, KernelFailed
from weekend_estates import a_ring, an_estate, broken_rules, pairs_of, wave_of


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    with Kernel() as found:
        if not found.can_search:
            pytest.skip("the compiler (extra `kernel`) is not installed")
        yield found


def planned(
    kernel: Kernel,
    inventory: Inventory,
    pairs: tuple[Pair, ...],
    **options: object,
) -> Planned:
    facts: dict[str, object] = {"seed": 1, "evaluations": 300, "name": "p", "path": "e"}
    return plan_estate(inventory, pairs, kernel=kernel, **{**facts, **options})  # type: ignore[arg-type]  # a test's own


def test_it_beats_every_order_that_people_would_take_and_keeps_all_rules(kernel: Kernel) -> None:
    inventory = an_estate(
        20, relations=(Relation(RelationKind.BEFORE, ids("s07", "s12", "s01"), "o", "r"),
                       Relation(RelationKind.WITH, ids("s03", "s16"), "o", "r")),
    )  # fmt: skip
    found = planned(kernel, inventory, a_ring(20, 4))
    assert broken_rules(found.plan, inventory) == []
    exposed = found.plan.figures.exposure_hours
    assert exposed < min(peer.exposure_hours for peer in found.peers.values())
    assert found.plan.certificate is not None
    assert found.plan.certificate.search == "compiled"
    assert found.plan.certificate.mean_hours is not None
    assert found.plan.certificate.bound_hours <= exposed


def test_the_same_seed_gives_the_same_plan_and_another_one_another_search(kernel: Kernel) -> None:
    inventory, pairs = an_estate(14), a_ring(14, 2)
    one, other = planned(kernel, inventory, pairs), planned(kernel, inventory, pairs)
    assert one.plan == other.plan
    third = planned(kernel, inventory, pairs, seed=-7)
    assert third.plan.figures.seed == -7
    assert third.plan.certificate != one.plan.certificate


def test_a_new_plan_leaves_where_it_was_what_need_not_move(kernel: Kernel) -> None:
    inventory, pairs = an_estate(20), a_ring(20, 4)
    first = planned(kernel, inventory, pairs).plan
    last = waves(first)
    again = waves(planned(kernel, inventory, pairs, seed=5, last=last).plan)
    assert sum(last[name] != again[name] for name in last) <= 2


def test_a_plan_before_that_breaks_a_new_limit_is_not_kept(kernel: Kernel) -> None:
    inventory, pairs = an_estate(20), a_ring(20, 4)
    last = waves(planned(kernel, inventory, pairs).plan)
    found = planned(kernel, inventory, pairs, last=last, moves_per_wave_max=4).plan
    assert max(len(wave.moves) for wave in found.waves) <= 4


def test_pins_hold(kernel: Kernel) -> None:
    inventory, pairs = an_estate(20), a_ring(20, 4)
    pins = {name: WaveId("w03") for name in ids("s02", "s17")}
    number = wave_of(planned(kernel, inventory, pairs, pins=pins).plan)
    assert {number[name] for name in pins} == {2}


def test_progress_is_told_and_a_person_who_ends_it_has_the_best_so_far(kernel: Kernel) -> None:
    inventory, pairs = an_estate(20), a_ring(20, 4)
    told = []

    def progress(done: int, total: int, hours: float) -> None:
        told.append((done, total, hours))
        if len(told) == 3:
            raise KeyboardInterrupt

    found = planned(kernel, inventory, pairs, evaluations=500_000, on_progress=progress)
    assert found.interrupted
    assert found.plan.figures.evaluations < 100_000
    assert broken_rules(found.plan, inventory) == []
    assert all(total == 500_000 for _, total, _ in told)


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_estates_without_links_have_a_plan_at_once(kernel: Kernel, count: int) -> None:
    found = planned(kernel, an_estate(count), (), evaluations=100_000)
    assert sum(len(wave.moves) for wave in found.plan.waves) == count


def test_without_links_an_appointment_is_still_searched_for(kernel: Kernel) -> None:
    date = FixedDate("bank", SubsystemId("s04"), at("13 21:00"), at("14 02:00"), "bank")
    calendar = Calendar("Europe/Stockholm", at("13 18:00"), at("16 06:00"), (), (date,))
    inventory = an_estate(30, calendar=calendar)
    found = planned(kernel, inventory, (), evaluations=200)
    assert broken_rules(found.plan, inventory) == []


def test_a_clique_has_a_plan(kernel: Kernel) -> None:
    inventory = an_estate(24)
    pairs = pairs_of(*((i, j, 5) for i in range(24) for j in range(i + 1, 24)))
    assert broken_rules(planned(kernel, inventory, pairs).plan, inventory) == []


class Failing(Kernel):
    """A kernel that has a compiler and no answer."""

    def search(self, *_question: object) -> Message:
        raise KernelFailed("no answer")


def test_a_kernel_that_fails_leaves_the_search_by_decoding() -> None:
    inventory, pairs = an_estate(12), a_ring(12, 3)
    found = planned(Failing(), inventory, pairs, evaluations=10_000_000).plan
    assert found.certificate is not None
    assert found.certificate.search == "plain"
    assert found.certificate.mean_hours is None
    assert broken_rules(found, inventory) == []


def test_dear_estates_get_fewer_evaluations_and_never_none(kernel: Kernel) -> None:
    assert usual_evaluations(77, 700, kernel) > usual_evaluations(1000, 500_000, kernel) > 1000
    assert usual_evaluations(77, 700) == 3000
    assert 60 <= usual_evaluations(1000, 10**9) < 100


def waves(plan: Plan) -> dict[SubsystemId, WaveId]:
    return {move.subsystem: wave.id for wave in plan.waves for move in wave.moves}
