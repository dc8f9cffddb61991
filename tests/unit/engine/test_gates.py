"""What a decider had seen goes with the decision, by its digest."""

from __future__ import annotations

import pytest

from itineraries import after, an_itinerary
from migrator.engine import events as ev
from playing import Play

SEEN = "0123456789abcdef" * 4
VERBS = [("go", ev.GateDecided), ("no-go", ev.GateLapsed), ("postpone", ev.GatePostponed)]


def at_the_gate() -> Play:
    return Play(an_itinerary(waves=("a", "b"), policy={"ahead_of_gate": ()}))


@pytest.mark.parametrize(("verb", "kind"), VERBS)
def test_the_digest_stands_in_the_fact(verb: str, kind: type[ev.Event]) -> None:
    until = after(90).isoformat()
    for words, digest in (({"seen": SEEN}, SEEN), ({}, "")):
        said = at_the_gate().say(verb, "w1", until=until, **words)[1]
        assert isinstance(said, kind)
        assert getattr(said, "seen", None) == digest


@pytest.mark.parametrize(("verb", "kind"), VERBS)
@pytest.mark.parametrize("digest", ["x", SEEN[:-1], SEEN.upper(), SEEN + "0"])
def test_what_is_no_digest_is_refused(verb: str, kind: type[ev.Event], digest: str) -> None:
    play = at_the_gate()
    said = play.refusal(verb, "w1", until=after(90).isoformat(), seen=digest)
    assert said == "what was seen is named by the SHA-256 of what `migrator gate` showed"
    assert play.happened(kind) == []
