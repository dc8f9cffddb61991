"""The decoder honours everything hard: seats, copies, blackouts, appointments, order, checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from builders import a_place, at, ids, three
from migrator.ids import FunctionId, TeamId
from migrator.inventory.model import (
    Blackout,
    Calendar,
    Estimate,
    FixedDate,
    Function,
    Inventory,
    Kind,
    Part,
    Relation,
    RelationKind,
    Role,
)
from migrator.links.table import Pair
from migrator.plan.model import StepKind
from migrator.plan.recipes import DEFAULT_POLICY, RECIPES
from migrator.planner.decode import Schedule, decode, earliest, stretches
from migrator.planner.problem import Problem, build_problem
from migrator.planner.rules import find_rules
from weekend_estates import DAY, NIGHT, a_mover, an_estate, pairs_of, somebody, two_teams

BLUE = TeamId("blue")
# 100 minutes make the recipe's shares minutes; a stateless move: prepare 20, baseline 5, start 35,
# probe 10, switch 8 (58 from the gate), drain 6, fence 6, probe-links 10 (80 from the gate).
HUNDRED = three((100, 150), (10, 20), (30, 45))
SWITCH, HANDS = 12, 16  # 58 and 80 minutes in ticks of five


def problem_of(inventory: Inventory, pairs: Sequence[Pair] = ()) -> Problem:
    return build_problem(inventory, tuple(pairs), find_rules(inventory), DEFAULT_POLICY, RECIPES)


def stateless(number: int, **changes: object) -> object:
    facts = {"kind": Kind.STATELESS, "team": BLUE, "durations": HUNDRED, "copy_gib": 0.0}
    return a_mover(number, **{**facts, **changes})


def stateful(number: int, **changes: object) -> object:
    return stateless(number, **{"kind": Kind.STATEFUL, "copy_gib": 10.0, **changes})


def a_calendar(*blackouts: Blackout, dates: Sequence[FixedDate] = ()) -> Calendar:
    return Calendar(
        "Europe/Stockholm", at("13 18:00"), at("16 06:00"), tuple(blackouts), tuple(dates)
    )


def decoded(waves: Sequence[Sequence[int]], **changes: object) -> Schedule:
    subsystems = changes.pop("subsystems")
    assert isinstance(subsystems, tuple)
    inventory = an_estate(len(subsystems), subsystems=subsystems, **changes)
    return decode(problem_of(inventory), waves)


def test_prepare_runs_ahead_of_the_gate_and_the_hands_on_part_after_it() -> None:
    schedule = decoded([[0]], subsystems=(stateless(0),))
    assert schedule.gates == [0]
    assert schedule.start == [4]  # prepared for 20 minutes first: nothing was ahead of this gate
    assert schedule.switch == [4 + SWITCH]
    assert schedule.free == [4 + HANDS]
    assert schedule.verified == [4 + HANDS + 2]
    assert schedule.end == [4 + HANDS + 2 + 6]


def test_the_next_gate_opens_when_the_wave_is_verified_and_not_when_it_is_soaked() -> None:
    schedule = decoded([[0], [1]], subsystems=(stateless(0), stateless(1)))
    assert schedule.gates == [0, schedule.verified[0]]
    assert schedule.start[1] == schedule.gates[1]  # it was prepared while the first one moved


def test_a_team_works_on_as_many_moves_at_once_as_it_has_seats() -> None:
    schedule = decoded([[0, 1, 2]], subsystems=tuple(stateless(n) for n in range(3)))
    assert schedule.start == [4, 4, 4 + HANDS]


def test_a_shift_with_more_seats_lets_more_moves_start() -> None:
    moves = tuple(stateless(n) for n in range(2))
    schedule = decoded([[0, 1]], subsystems=moves, people=two_teams(0, 1))
    assert schedule.start == [144, 144 + HANDS]  # from Saturday 06:00 on, one after the other


def test_a_move_never_sits_across_an_hour_in_which_its_team_is_away() -> None:
    people = two_teams(1, 0)
    long = three((1000, 1500), (10, 20), (30, 45))  # 800 minutes hands-on: 720 are the night's
    schedule = decoded([[0]], subsystems=(stateless(0, durations=long),), people=people)
    assert schedule.late > 0


def test_copies_share_the_line_in_the_order_of_the_wave() -> None:
    places = (a_place("cluster", "new", copy_gib_per_hour=15.0), a_place("hall", "old"))
    # 10 GiB in 40 minutes are 15 GiB per hour: the line carries one copy at a time.
    moves = (stateful(0), stateful(1))
    alone = decoded([[0, 1]], subsystems=moves)
    assert alone.copied == [10, 10]
    assert decoded([[0, 1]], subsystems=moves, places=places).copied == [10, 18]
    assert decoded([[1, 0]], subsystems=moves, places=places).copied == [18, 10]


def test_a_copy_larger_than_the_line_takes_all_of_it() -> None:
    places = (a_place("cluster", "new", copy_gib_per_hour=5.0), a_place("hall", "old"))
    schedule = decoded([[0, 1]], subsystems=(stateful(0), stateful(1)), places=places)
    assert schedule.copied == [10, 18]


def test_copies_begin_one_wave_ahead_and_no_earlier() -> None:
    moves = tuple(stateful(n) for n in range(3))
    schedule = decoded([[0], [1], [2]], subsystems=moves)
    assert schedule.copied[1] == 10
    assert schedule.copied[2] == schedule.gates[1] + 10


def test_no_cut_lies_in_a_blackout_even_when_the_cut_takes_its_p80() -> None:
    # The switch of 8 minutes (P80 12) begins 50 minutes after the start: at 19:10 at the earliest.
    for minute, start in (("19:25", 4), ("19:20", None)):
        slot = Blackout("slot", at(f"13 {minute}"), at("13 21:00"), ids("s00"), "batch")
        schedule = decoded([[0]], subsystems=(stateless(0),), calendar=a_calendar(slot))
        assert schedule.start == [start if start is not None else 26]  # 26 + 10: at 21:00


def test_a_blackout_of_another_subsystem_means_nothing() -> None:
    slot = Blackout("slot", at("13 18:00"), at("14 18:00"), ids("s01"), "batch")
    moves = (stateless(0), stateless(1))
    schedule = decoded([[0, 1]], subsystems=moves, calendar=a_calendar(slot))
    assert schedule.start[0] == 4
    assert schedule.start[1] == 288 - 10  # Saturday 18:00, less the 50 minutes before the switch


def test_an_appointment_is_kept_by_waiting() -> None:
    date = FixedDate("date", ids("s00")[0], at("14 10:00"), at("14 12:00"), "bank")
    schedule = decoded([[0]], subsystems=(stateless(0),), calendar=a_calendar(dates=[date]))
    assert schedule.switch == [192 + 2]  # the switch starts at 10:00 and takes 8 minutes
    assert schedule.missed == 0


def test_a_missed_appointment_is_counted_and_decoding_goes_on() -> None:
    date = FixedDate("date", ids("s00")[0], at("13 18:00"), at("13 19:00"), "bank")
    schedule = decoded([[0]], subsystems=(stateless(0),), calendar=a_calendar(dates=[date]))
    assert schedule.missed == 4
    assert not schedule.valid


def test_the_cut_waits_for_the_switch_of_what_comes_before() -> None:
    order = Relation(RelationKind.BEFORE, ids("s01", "s00"), "Owner", "because")
    schedule = decoded([[0, 1]], subsystems=(stateless(0), stateless(1)), relations=(order,))
    assert schedule.start[1] == 4
    assert schedule.start[0] + 10 >= schedule.switch[1]
    assert schedule.start[0] == schedule.switch[1] - 10


def test_a_gate_waits_for_somebody_who_may_decide() -> None:
    people = two_teams(2, 3, [somebody("dee", Role.DECISION_MAKER, DAY)])
    people = type(people)(people.people[1:], people.teams, people.shifts)  # without dora
    schedule = decoded([[0]], subsystems=(stateless(0),), people=people)
    assert schedule.gates == [144]


def a_function(*core: int, quorum: int = 1, **changes: object) -> Function:
    facts: dict[str, object] = {
        "id": FunctionId("pay"),
        "name": {"sv": "Betala", "en": "Pay"},
        "exercises": dict.fromkeys(ids(*(f"s{n:02d}" for n in core)), Part.CORE),
        "competence": "benefits",
        "handlers": (),
        "quorum": quorum,
        "minutes": Estimate(30.0, 40.0),
        "text": {"sv": "Gör", "en": "Do"},
        "side_mark": None,
        "possible_after": None,
        "leaves_behind": None,
    }
    return Function(**{**facts, **changes})  # type: ignore[arg-type]  # a test's own data


def test_a_check_opens_when_all_its_core_moves_are_probed_and_verifies_them_together() -> None:
    people = two_teams(1, 1, [somebody("h", Role.HANDLER)])
    moves = (stateless(0), stateless(1))
    schedule = decoded([[0, 1]], subsystems=moves, people=people, functions=(a_function(0, 1),))
    assert schedule.verified == [4 + 2 * HANDS + 6] * 2


def test_a_quorum_ticks_one_after_the_other() -> None:
    people = two_teams(2, 3, [somebody(name, Role.HANDLER) for name in ("h1", "h2")])
    functions = (a_function(0, quorum=2),)
    schedule = decoded([[0]], subsystems=(stateless(0),), people=people, functions=functions)
    assert schedule.verified == [4 + HANDS + 12]


def test_a_handler_does_one_check_at_a_time() -> None:
    people = two_teams(2, 3, [somebody("h", Role.HANDLER)])
    functions = (a_function(0), a_function(1, id=FunctionId("see")))
    moves = (stateless(0), stateless(1))
    schedule = decoded([[0, 1]], subsystems=moves, people=people, functions=functions)
    assert sorted(schedule.verified) == [4 + HANDS + 6, 4 + HANDS + 12]


def test_a_check_waits_for_a_shift_and_for_the_hour_at_which_it_is_possible() -> None:
    people = two_teams(2, 3, [somebody("h", Role.HANDLER, DAY)])
    functions = (a_function(0),)
    by_shift = decoded([[0]], subsystems=(stateless(0),), people=people, functions=functions)
    assert by_shift.verified == [144 + 6]
    functions = (a_function(0, possible_after=at("14 09:00")),)
    by_hour = decoded([[0]], subsystems=(stateless(0),), people=people, functions=functions)
    assert by_hour.verified == [180 + 6]


def test_exposure_counts_pairs_that_both_move_by_their_switches() -> None:
    inventory = an_estate(2, subsystems=(stateless(0), stateless(1)))
    problem = problem_of(inventory, [*pairs_of((0, 1, 5), (1, 0, 2))])
    schedule = decode(problem, [[0], [1]])
    assert schedule.exposure == 7 * (schedule.switch[1] - schedule.switch[0])


def test_resuming_from_a_wave_gives_the_same_as_decoding_all() -> None:
    places = (a_place("cluster", "new", copy_gib_per_hour=20.0), a_place("hall", "old"))
    inventory = an_estate(9, places=places)
    problem = problem_of(inventory)
    base = decode(problem, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    changed = [[0, 1, 2], [5, 3, 6], [4, 7, 8]]
    assert decode(problem, changed, base, 1) == decode(problem, changed)


def test_a_stretch_of_bits_is_found_by_its_first_bit() -> None:
    bits = 0b0111_0110
    assert stretches(bits, 1) == bits
    assert stretches(bits, 3) == 0b0001_0000
    assert stretches(bits, 4) == 0
    assert earliest(bits, 0) == 1
    assert earliest(bits, 3) == 4


def test_people_without_shifts_are_there_in_any_hour() -> None:
    people = two_teams(2, 3, [somebody("h", Role.HANDLER), somebody("n", Role.HANDLER, NIGHT)])
    functions = (a_function(0, possible_after=at("15 09:00")),)
    schedule = decoded([[0]], subsystems=(stateless(0),), people=people, functions=functions)
    assert schedule.verified == [468 + 6]


def test_copies_that_may_not_run_ahead_of_the_gate_share_the_line_behind_it() -> None:
    places = (a_place("cluster", "new", copy_gib_per_hour=15.0), a_place("hall", "old"))
    inventory = an_estate(2, subsystems=(stateful(0), stateful(1)), places=places)
    policy = replace(DEFAULT_POLICY, ahead_of_gate=(StepKind.PREPARE,))
    problem = build_problem(inventory, (), find_rules(inventory), policy, RECIPES)
    schedule = decode(problem, [[0, 1]])
    # Prepared in 10 minutes; the copy of 40 begins 3 minutes into the hands-on part: 9 ticks.
    assert schedule.start == [2, 2 + 9]


def test_by_policy_a_gate_waits_until_the_wave_before_it_is_accepted() -> None:
    inventory = an_estate(2, subsystems=(stateless(0), stateless(1)))
    policy = replace(DEFAULT_POLICY, next_wave_when="accepted")
    problem = build_problem(inventory, (), find_rules(inventory), policy, RECIPES)
    schedule = decode(problem, [[0], [1]])
    assert schedule.gates == [0, schedule.end[0]]
