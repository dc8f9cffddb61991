"""Suspects: what the failing functions share, by use, by links, and by what became worse."""

from __future__ import annotations

from migrator.verification.suspects import (
    BESIDE,
    CORE,
    PASSING,
    Between,
    Exercise,
    Look,
    Suspect,
    suspects,
)


def works(name: str, core: str, passing: str = "") -> Exercise:
    return Exercise(name, frozenset(core), frozenset(passing), works=True)


def fails(name: str, core: str, passing: str = "") -> Exercise:
    return Exercise(name, frozenset(core), frozenset(passing), works=False)


def parts(found: tuple[Suspect, ...]) -> list[str]:
    return [each.part + each.other for each in found]


def test_nobody_is_suspected_where_nothing_fails() -> None:
    assert suspects([works("f", "a")], [Between("a", "b", 3)], [Look("a", 2)]) == ()
    assert suspects([], [], []) == ()


def test_what_all_that_fail_share_and_none_that_works_uses_comes_first() -> None:
    found = suspects([fails("f", "ax"), fails("g", "bx"), works("h", "ab")], [], [])

    assert parts(found)[0] == "x"
    first = found[0]
    assert (first.fails, first.failing, first.passes, first.passing) == (("f", "g"), 2, (), 1)
    assert (first.near, first.score) == (CORE, 1.0)


def test_what_is_only_passed_is_less_suspect_than_what_a_function_is_about() -> None:
    found = suspects([fails("f", "a", "b"), works("g", "c")], [], [])

    assert parts(found) == ["a", "b"]
    assert [each.near for each in found] == [CORE, PASSING]


def test_a_neighbour_that_nothing_uses_is_reached_through_the_links() -> None:
    found = suspects(
        [fails("f", "a"), fails("g", "b"), works("h", "c")],
        [Between("a", "z", 2), Between("z", "b", 1)],
        [],
    )
    neighbour = next(each for each in found if each.part == "z")

    assert neighbour.near == BESIDE
    assert neighbour.fails == ("f", "g")


def test_links_that_became_worse_bring_a_part_to_the_front() -> None:
    both = [fails("f", "ab"), works("g", "c")]

    assert parts(suspects(both, [], [])) == ["a", "b"]
    found = suspects(both, [], [Look("b", 2, ("l-1", "l-2"), ("a route is missing",))])
    assert parts(found) == ["a", "b"]  # both are certain already, so nothing can be added
    mixed = [fails("f", "ab"), works("g", "a"), works("h", "b")]
    found = suspects(mixed, [], [Look("b", 2, ("l-1", "l-2"), ("a route is missing",))])
    assert parts(found) == ["b", "a"]
    assert (found[0].regressed, found[0].examples) == (2, ("l-1", "l-2"))
    assert found[0].causes == ("a route is missing",)


def test_links_between_two_are_suspected_where_each_end_alone_works() -> None:
    found = suspects(
        [fails("f", "ab"), works("g", "a"), works("h", "b")], [Between("a", "b", 4, ("l-7",))], []
    )

    assert parts(found)[0] == "ab"
    assert found[0].passes == ()


def test_a_worse_link_is_laid_to_the_pair_whose_link_it_is() -> None:
    pairs = [Between("a", "b", 4, ("l-7",)), Between("a", "c", 4, ("l-8",))]
    verified = [fails("f", "abc"), works("g", "a"), works("h", "b"), works("i", "c")]
    found = suspects(verified, pairs, [Look("a", 3, ("l-7", "l-9"))])

    assert parts(found)[0] == "ab"
    assert (found[0].regressed, found[0].examples) == (1, ("l-7",))


def test_a_look_that_found_nothing_worse_says_nothing() -> None:
    (found,) = suspects([fails("f", "a")], [], [Look("a", 0, ("l-1",))])

    assert (found.regressed, found.examples) == (0, ())


def test_the_list_is_short_and_leaves_out_what_is_half_as_likely_as_the_first() -> None:
    many = [fails(f"f{n}", f"x{chr(97 + n)}") for n in range(9)]
    found = suspects(many, [], [])

    assert parts(found) == ["x"]  # each of the others is used by one of nine
    equal = suspects([fails("f", "abcdefgh")], [], [])
    assert parts(equal) == ["a", "b", "c", "d", "e"]
