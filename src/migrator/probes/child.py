"""`python -m migrator.probes.child VERB`: the work that needs DuckDB, done in a process of its own.

Started by `asking.py` for the conductor, which never loads DuckDB, and for commands. A request is
one JSON document on stdin, the answer one on stdout; nothing else is ever written there. What is
wrong comes back as an answer too, and is raised again on the other side. A verb is one line in
`VERBS` and a function from plain data to plain data.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Final, TypeAlias

from migrator.errors import MigratorError

Verb: TypeAlias = Callable[[dict[str, object]], object]

VERBS: Final[dict[str, str]] = {
    "declared": "migrator.probes.requests:declared",
    "judge": "migrator.probes.judging:judge_asked",
    "plan": "migrator.probes.requests:plan",
}
"""Verb: module and function. Imported only when it is asked for."""

USAGE: Final = 64  # the caller's own mistake, which no person can mend


def main(arguments: Sequence[str]) -> int:
    """Answer one request; the exit code is the error's own."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        sys.stderr.write(f"usage: one of {', '.join(sorted(VERBS))}, the request on stdin\n")
        return USAGE
    answer, code = answered(arguments[0], json.loads(sys.stdin.buffer.read() or b"{}"))
    sys.stdout.write(json.dumps(answer, ensure_ascii=True) + "\n")
    sys.stdout.flush()
    return code


def answered(verb: str, request: dict[str, object]) -> tuple[dict[str, object], int]:
    """The answer to a request, or what is wrong, and the exit code that goes with it."""
    try:
        return {"answer": verb_named(verb)(request)}, 0
    except MigratorError as error:
        told = {
            "kind": type(error).__name__,
            "reference": error.reference,
            "message": error.message,
            "hint": error.hint,
            "faults": [asdict(fault) for fault in error.faults],
            "count": error.count,
        }
        return {"error": told}, error.exit_code


def verb_named(verb: str) -> Verb:
    """The function of a verb."""
    module, _, name = VERBS[verb].partition(":")
    found: Verb = getattr(import_module(module), name)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
