"""Do the links answer? Each far end is connected to, from every vantage point.

Called by the steps baseline, probe-links, soak and prove-back, whose platform turns the words into
what the engine counts. A look that failed is made again before it counts: one lost packet is no
broken link. Nothing here compares with a baseline, and nothing is written anywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from migrator.errors import TransientError
from migrator.platform.kubernetes.arrived import Seen, seen
from migrator.platform.kubernetes.confirming import LeftOut
from migrator.platform.kubernetes.looking import (
    PATHLESS,
    Answered,
    Look,
    Vantage,
    VantageLost,
)
from migrator.platform.kubernetes.subject import Identity

OK: Final = "ok"
UNRECOGNISED: Final = "unrecognised"
TRIES: Final = 3
TRY_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Target:
    """The far end of a link. With an identity, either side's answer will do, and no other."""

    link: str
    host: str
    port: int
    identity: Identity = field(default_factory=Identity)
    tls: bool = False


@dataclass(frozen=True, slots=True)
class LinkAnswer:
    """One link. `word` is ok, unrecognised, or the word of a look that failed.

    Words of failed looks: refused, reset, closed, timeout, dns, unreachable, tls, failed.
    """

    link: str
    word: str
    heard: tuple[tuple[str, str], ...]  # vantage point and its word
    side: str = ""  # old or new, where the identity tells

    @property
    def is_ok(self) -> bool:
        """Whether every vantage point that counts got an answer."""
        return self.word == OK


@dataclass(frozen=True, slots=True)
class LinksAnswered:
    """All links in the order in which they were asked for, and who could not be asked."""

    links: tuple[LinkAnswer, ...]
    left_out: tuple[LeftOut, ...]


async def links_answer(
    targets: Sequence[Target],
    vantages: Sequence[Vantage],
    *,
    tries: int = TRIES,
    pause_seconds: float = TRY_PAUSE_SECONDS,
) -> LinksAnswered:
    """Connect to every target from every vantage point.

    A link is ok when all say so. This machine's failure to find a way counts only where no place
    inside was asked. Raises TransientError when nobody could be asked.
    """
    looks = [
        Look(str(number), each.host, each.port, each.identity, each.tls)
        for number, each in enumerate(targets)
    ]
    assert tries > 0
    found = await asyncio.gather(*(_asked(each, looks, tries, pause_seconds) for each in vantages))
    left_out = tuple(each for each in found if isinstance(each, LeftOut))
    heard = [
        (vantage, each)
        for vantage, each in zip(vantages, found, strict=True)
        if not isinstance(each, LeftOut)
    ]
    if not heard:
        raise TransientError(
            "no-vantage-point",
            "nobody could look whether the links answer: "
            f"{'; '.join(map(str, left_out)) or 'there is no vantage point'}",
            hint="look at the prober's pods in migrator-system",
        )
    links = tuple(
        _judged(target, [(vantage, each[str(number)]) for vantage, each in heard])
        for number, target in enumerate(targets)
    )
    return LinksAnswered(links, left_out)


async def _asked(
    vantage: Vantage, looks: Sequence[Look], tries: int, pause_seconds: float
) -> Mapping[str, Answered] | LeftOut:
    """One vantage point's last answer to each look; what failed is looked at again."""
    found: dict[str, Answered] = {}
    left: Sequence[Look] = looks
    for number in range(tries):
        if not left:
            break
        if number:
            await asyncio.sleep(pause_seconds)
        try:
            found.update({each.look: each for each in await vantage.look(left)})
        except VantageLost as lost:
            if number + 1 == tries and len(found) < len(looks):
                return LeftOut(vantage.name, f"could not be asked: {lost}")
            continue
        left = [look for look in left if _word(look.identity, found[look.id]) != OK]
    return found


def _judged(target: Target, heard: Sequence[tuple[Vantage, Answered]]) -> LinkAnswer:
    words = [(vantage, _word(target.identity, each)) for vantage, each in heard]
    if any(vantage.inside for vantage, _ in words):
        words = [(v, word) for v, word in words if v.inside or word not in PATHLESS]
    bad = [word for _, word in words if word != OK]
    sides = {_seen(target.identity, each) for _, each in heard} & {Seen.OLD, Seen.NEW}
    return LinkAnswer(
        target.link,
        bad[0] if bad else OK,
        tuple((vantage.name, word) for vantage, word in words),
        sides.pop().value if len(sides) == 1 else "",
    )


def _word(identity: Identity, answer: Answered) -> str:
    found = _seen(identity, answer)
    if found is Seen.NONE:
        return answer.error or "failed"
    tells = identity.old or identity.new
    return UNRECOGNISED if found is Seen.UNKNOWN and tells else OK


def _seen(identity: Identity, answer: Answered) -> Seen:
    return seen(identity, connected=answer.connected, error=answer.error, text=answer.text)


def broken(links: Iterable[LinkAnswer]) -> tuple[LinkAnswer, ...]:
    """The links that do not answer."""
    return tuple(each for each in links if not each.is_ok)
