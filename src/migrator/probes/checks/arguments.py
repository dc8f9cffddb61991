"""What a look asks for, read with care: the arguments of a kind, and the words that they can hold.

Every kind's constructor reads its arguments here, so that a misspelt one is a fault with words for
a person and never a check that silently looks at less. Secrets are never arguments: an argument
names a variable of the place where the agent runs, and only variables made for that are read, so
that no batch can make an agent hand its other variables to whoever listens.
"""

from __future__ import annotations

import os

from migrator.probes.agent.wire import MISMATCH, OK, Look, Plain
from migrator.probes.checks.talk import Finding

SECRETS_BEGIN_WITH = "MIGRATOR_PROBE_"
TLS_ARGUMENTS = ("ca", "verify", "min_version")
"""Read by the agent's TLS and not by a kind."""

TEXT_LENGTH_MAX = 1_000
SEEN_LENGTH_MAX = 4_096
"""Characters of an answer in which the sides' marks are looked for; the first ones."""


class Arguments:
    """The arguments of one look. Every reader raises ValueError, and names the argument."""

    def __init__(self, look: Look, known: tuple[str, ...], *, tls: bool = True) -> None:
        """Refuse what this kind does not know, and TLS where it cannot be spoken."""
        self._kind = look.get("kind", "")
        self._given: dict[str, Plain] = look.get("args") or {}
        all_known = {*known, "holds", *(TLS_ARGUMENTS if tls else ())}
        strange = sorted(set(self._given) - all_known)
        if strange:
            raise ValueError(
                f"{self._kind} knows no argument {', '.join(strange)}; "
                f"it knows {', '.join(sorted(all_known))}"
            )
        if not tls and look.get("tls"):
            raise ValueError(f"{self._kind} cannot be asked through TLS")
        self.holds = self.text("holds")

    def text(self, name: str, default: str = "", longest: int = TEXT_LENGTH_MAX) -> str:
        """A text of one line at most."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise ValueError(f"{name} must be a text")  # noqa: TRY004 - a fault of a person's
        if len(value) > longest:
            raise ValueError(f"{name} is longer than {longest} characters")
        # A line's end would let an argument say more than its own word to a server.
        if any(character in value for character in "\r\n\0"):
            raise ValueError(f"{name} must be one line")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Yes or no."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false")  # noqa: TRY004 - the same
        return value

    def choice(self, name: str, among: tuple[str, ...]) -> str:
        """One of a few words; the first where nothing is said."""
        value = self.text(name, among[0])
        if value not in among:
            raise ValueError(f"{name} must be one of {', '.join(filter(None, among))}")
        return value

    def texts(self, name: str, most: int = 100) -> list[str]:
        """A list of texts, each as it stands; the empty list where nothing is said."""
        value = self._given.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or len(value) > most:
            raise ValueError(f"{name} must be a list of {most} texts at most")
        words = [word for word in value if isinstance(word, str) and "\0" not in word]
        if len(words) != len(value):
            raise ValueError(f"{name} must be a list of texts")
        return words

    def numbers(self, name: str, default: list[int]) -> list[int]:
        """A list of whole numbers."""
        value = self._given.get(name)
        if value is None:
            return default
        if not isinstance(value, list) or not value or len(value) > 100:
            raise ValueError(f"{name} must be a list of numbers")
        # True is a number to Python and none to whoever wrote it.
        numbers = [n for n in value if isinstance(n, int) and not isinstance(n, bool)]
        if len(numbers) != len(value):
            raise ValueError(f"{name} must be a list of whole numbers")
        return numbers

    def secret(self, name: str) -> str:
        """The value of the variable that this argument names; empty where it names none."""
        variable = self.text(name)
        if not variable:
            return ""
        if not variable.startswith(SECRETS_BEGIN_WITH):
            raise ValueError(f"{name} must name a variable that begins with {SECRETS_BEGIN_WITH}")
        value = os.environ.get(variable)
        if not value:
            raise ValueError(f"{variable} is not set where this look is made from")
        return value


def readable(data: bytes, longest: int = SEEN_LENGTH_MAX) -> str:
    """Bytes of a stranger as text that does no harm to a terminal or a line of JSON."""
    text = data[: longest * 4].decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c == "\n" else "�" for c in text)[:longest]


def judged(holds: str, seen: str, detail: str) -> Finding:
    """The answer is a good one: does it hold what it was asked to hold?"""
    if holds and holds not in seen:
        return Finding(MISMATCH, seen, f"the answer does not hold {holds!r}: {detail}"[:300])
    return Finding(OK, seen, detail[:300])


def certified(certificate: dict[str, object], version: str) -> list[str]:
    """A certificate as lines in which the sides' marks may stand."""
    names = certificate.get("names")
    return [
        f"tls {version}",
        *(f"{key} {certificate[key]}" for key in ("subject", "issuer") if key in certificate),
        *(f"name {name}" for name in (names if isinstance(names, list) else [])[:20]),
    ]
