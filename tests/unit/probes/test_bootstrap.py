"""What starts an agent runs what was sent and nothing else, and leaves nothing behind."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from false_agents import false_agent
from migrator.probes import bootstrap
from migrator.probes.bootstrap import READY, why_not_begun, words


def begun(*argv: str, stdin: bytes, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        argv, input=stdin, capture_output=True, check=False, cwd=folder, env={"TMPDIR": str(folder)}
    )


def test_what_was_sent_runs_and_the_rest_of_the_input_is_its_own(tmp_path: Path) -> None:
    agent = false_agent()
    stdin = agent + b'{"digest": "d"}\n\n'
    done = begun(*words(sys.executable, agent), stdin=stdin, folder=tmp_path)
    assert done.stderr == b""
    first, _, rest = done.stdout.partition(b"\n")
    assert first == READY
    assert b'"end": true' in rest
    assert list(tmp_path.iterdir()) == []


def test_what_was_changed_on_the_way_is_not_run(tmp_path: Path) -> None:
    agent = false_agent()
    changed = agent.replace(b"PK", b"KP", 1)
    done = begun(*words(sys.executable, agent), stdin=changed, folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == b""
    assert "arrived changed" in why_not_begun(done.stderr.decode())


def test_what_did_not_arrive_whole_is_not_run(tmp_path: Path) -> None:
    agent = false_agent()
    done = begun(*words(sys.executable, agent), stdin=agent[:-1], folder=tmp_path)
    assert done.stdout == b""
    assert f"only {len(agent) - 1} bytes" in why_not_begun(done.stderr.decode())


def test_where_no_file_can_be_in_memory_it_is_gone_from_the_disk_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "TEXT", "import os\ndel os.memfd_create\n" + bootstrap.TEXT)
    agent = false_agent()
    stdin = agent + b'{"digest": "d"}\n\n'
    done = begun(*words(sys.executable, agent), stdin=stdin, folder=tmp_path)
    assert b'"end": true' in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_python_that_is_too_old_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = bootstrap.TEXT.replace(str(bootstrap.PYTHON_MIN), "(99, 0)")
    monkeypatch.setattr(bootstrap, "TEXT", newest)
    done = begun(*words(sys.executable, b""), stdin=b"", folder=tmp_path)
    assert done.stdout == b""
    assert "needs 3.9" in why_not_begun(done.stderr.decode())


def test_what_others_say_on_stderr_is_no_word_of_ours() -> None:
    assert why_not_begun("bash: warning: setlocale\nmigrator is nice\n") == ""
