"""A child's answer comes out, and what is wrong with it is raised again."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from migrator.errors import EnvironmentFailed, Fault, InputError
from migrator.probes import asking
from migrator.probes.asking import ask, ask_now

Ask = Callable[[Mapping[str, object]], object]


def program(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Another program in the child's place."""
    monkeypatch.setattr(asking, "_command", lambda _verb: [sys.executable, "-S", "-c", text])


def test_the_answer_of_the_real_child_is_given(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        ask_now("declared", {"inventory": str(tmp_path), "cache": "", "today": "2023-10-13"})
    assert caught.value.reference == "missing-inventory"


async def test_a_request_goes_in_and_its_answer_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "import sys; sys.stdout.write('{\"answer\": ' + sys.stdin.read() + '}')")
    assert await ask("echo", {"a": 1}) == {"a": 1}
    assert ask_now("echo", {"a": 1}) == {"a": 1}


async def test_an_error_is_raised_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "kind": "InputError",
        "reference": "invalid-probes",
        "message": "2 faults",
        "hint": "mend",
        "faults": [{"file": "f", "line": 1, "path": "p", "message": "m"}],
        "count": 2,
    }
    program(monkeypatch, f"print('''{json.dumps({'error': told})}'''); raise SystemExit(2)")
    with pytest.raises(InputError) as caught:
        await ask("plan", {})
    error = caught.value
    assert (error.reference, error.message, error.hint) == ("invalid-probes", "2 faults", "mend")
    assert (error.faults, error.count) == ((Fault("f", 1, "p", "m"),), 2)


async def test_a_child_that_dies_is_said_with_its_last_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    program(monkeypatch, "import sys; sys.stderr.write('first\\nMemoryError\\n'); sys.exit(7)")
    with pytest.raises(EnvironmentFailed, match="ended with 7 and no answer: MemoryError"):
        await ask("plan", {})
    with pytest.raises(EnvironmentFailed, match="ended with 7 and no answer: MemoryError"):
        ask_now("plan", {})


async def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    program(monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(EnvironmentFailed, match=r"no answer after 0\.05 seconds"):
        await ask("plan", {}, seconds_max=0.05)
    with pytest.raises(EnvironmentFailed, match=r"no answer after 0\.05 seconds"):
        ask_now("plan", {}, seconds_max=0.05)
