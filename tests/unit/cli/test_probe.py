"""`migrator baseline` and `migrator probe`: real looks at real listeners, and what is made of them.

Planning and judging run in this process here, where the commands start a child for them; one slow
test goes the whole way.
"""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path

import pytest

from builders import a_link, csv_of, write_inventory
from fake_vantages import FakeVantage
from migrator.cli import app
from migrator.engine.ports import Vantage
from migrator.probes import asking, child
from migrator.probes.agent import wire
from migrator.probes.keeping import read_back
from migrator.probes.model import SWEEP_FILE
from migrator.wiring import vantage_points

Printed = pytest.CaptureFixture[str]

PROBES = """\
allow: [127.0.0.0/8]
caps: {{target_per_second: 1000, network_per_second: 1000}}
patience: {{need: 1, of: 1, seconds: 1}}
vantages:
  - {{id: here, kind: here}}
stands:
  - {{old: here, new: here}}
addresses:
  ledger.app: {{host: 127.0.0.1, port: {ledger}}}
  payments.app: {{host: 127.0.0.1, port: {payments}}}
checks:
  - {{match: {{}}, kind: tcp}}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plan and judge without a child process, which takes a second to begin."""

    def ask_now(verb: str, request: Mapping[str, object]) -> object:
        told, code = child.answered(verb, json.loads(json.dumps(request)))
        if code:
            asking._answer(verb, code, json.dumps(told).encode(), b"")
        return json.loads(json.dumps(told["answer"]))

    monkeypatch.setattr(asking, "ask_now", ask_now)


@pytest.fixture
def listeners() -> Iterator[dict[str, socket.socket]]:
    """Two ports on loopback that take in everybody; a test may shut one."""
    with ExitStack() as stack:
        found = {}
        for name in ("ledger", "payments"):
            listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
            found[name] = listener
        yield found


@pytest.fixture
def estate(tmp_path: Path, listeners: dict[str, socket.socket]) -> Path:
    links = csv_of(a_link("l-1", target="ledger.app"), a_link("l-2", target="payments.app"))
    folder = write_inventory(tmp_path / "ours", links=links)
    ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
    (folder / "probes.yaml").write_text(PROBES.format(**ports), "utf-8")
    return folder


@pytest.mark.usefixtures("in_this_process")
def test_sweeps_of_the_same_second_are_two(estate: Path) -> None:
    for _ in range(2):
        assert app.run(["baseline", str(estate)]) == 0
    assert len(sweeps()) == 2


def sweeps() -> list[Path]:
    return sorted(path.parent for path in Path(".migrator/sweeps").glob(f"*/{SWEEP_FILE}"))


@pytest.mark.usefixtures("in_this_process")
def test_what_answered_and_does_not_now_is_worse_and_named(
    estate: Path, listeners: dict[str, socket.socket], capsys: Printed
) -> None:
    assert app.run(["baseline", str(estate)]) == 0
    first = capsys.readouterr()
    assert "2 of 2 links proved (100 %), 0 worse" in first.out
    assert "2 looks for 2 links from 1 vantage point" in first.err

    assert app.run(["probe", str(estate)]) == 0
    assert "0 worse" in capsys.readouterr().out

    listeners["payments"].close()
    assert app.run(["probe", str(estate)]) == 1
    printed = capsys.readouterr()
    assert "1 of 2 links proved (50.0 %), 1 worse" in printed.out
    assert "refused" in printed.out
    assert "compared with all-baseline-" in printed.err
    assert "more: migrator links" in printed.err


@pytest.mark.usefixtures("in_this_process")
def test_the_answer_for_programs_has_counts_causes_and_vantage_points(
    estate: Path, capsys: Printed
) -> None:
    app.run(["baseline", str(estate), "--format", "json"])
    found = json.loads(capsys.readouterr().out)
    assert (found["links"], found["proved"], found["worse"]) == (2, 2, 0)
    assert found["vantages"]["here"] == {
        "looks": 2, "proved": 2, "tries": 1, "lost": "", "slowed": [],
    }  # fmt: skip
    assert found["causes"] == []


@pytest.mark.usefixtures("in_this_process")
def test_only_links_of_the_named_subsystem_are_looked_at(estate: Path, capsys: Printed) -> None:
    (estate / "probes.yaml").write_text(
        (estate / "probes.yaml").read_text("utf-8") + "sample: 0\n", "utf-8"
    )
    assert app.run(["baseline", str(estate), "--subsystem", "payments"]) == 0
    assert "payments: 1 of 1 links proved" in capsys.readouterr().out


@pytest.mark.usefixtures("in_this_process")
def test_a_sweep_that_was_broken_off_goes_on_where_it_was(
    estate: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def says(look: wire.Look) -> str:
        """The first look is answered; at the second somebody presses Ctrl-C."""
        seen.append(look["id"])
        if len(seen) == 2:
            raise KeyboardInterrupt
        return wire.OK

    @asynccontextmanager
    async def one_in_memory(*_words: object) -> AsyncIterator[Mapping[str, Vantage]]:
        yield {"here": FakeVantage("here", says)}

    with monkeypatch.context() as patch:
        patch.setattr(vantage_points, "vantage_points", one_in_memory)
        assert app.run(["baseline", str(estate)]) == 130
    (sweep,) = sweeps()
    assert f"go on with --resume {sweep.name}" in capsys.readouterr().err
    assert read_back(sweep, "here").proved == {seen[0]}

    assert app.run(["baseline", str(estate), "--resume", sweep.name, "--format", "json"]) == 0
    assert len(sweeps()) == 1
    assert json.loads(capsys.readouterr().out)["proved"] == 2


@pytest.mark.usefixtures("in_this_process")
def test_a_vantage_point_that_cannot_be_asked_is_named_and_its_links_are_unproved(
    estate: Path, capsys: Printed
) -> None:
    text = (estate / "probes.yaml").read_text("utf-8")
    pod = "  - {id: pod, kind: pod, namespace: folkbok, workload: Deployment/folkbok}\n"
    text = text.replace("stands:\n", f"{pod}stands:\n  - {{component: web.app, old: pod}}\n")
    (estate / "probes.yaml").write_text(text, "utf-8")
    assert app.run(["baseline", str(estate)]) == 0
    printed = capsys.readouterr()
    assert "pod could not be asked: it is a pod, and no cluster was named" in printed.out
    assert "0 of 2 links proved" in printed.out
    assert "2 unproved (2 vantage-lost)" in printed.out


@pytest.mark.parametrize(
    ("words", "reference", "said"),
    [
        (["--wave", "w01"], "usage", "--wave needs a plan"),
        (["--subsystem", "nobody"], "unknown-subsystem", "no subsystem 'nobody'"),
        (["--all", "--subsystem", "payments"], "usage", "exclude each other"),
        (["--ahead"], "usage", "nobody was named"),
        (["--resume", "no-such-sweep"], "sweep-missing", "holds no sweep"),
    ],
)
@pytest.mark.usefixtures("in_this_process")
def test_what_cannot_be_asked_is_refused(
    estate: Path, capsys: Printed, words: list[str], reference: str, said: str
) -> None:
    assert app.run(["probe", str(estate), *words]) in {1, 2}
    printed = capsys.readouterr().err
    assert f"see: runbooks/{reference}.md" in printed
    assert said in printed


@pytest.mark.usefixtures("in_this_process")
def test_an_estate_that_declares_nothing_is_never_probed(estate: Path, capsys: Printed) -> None:
    (estate / "probes.yaml").unlink()
    assert app.run(["probe", str(estate)]) == 2
    assert "see: runbooks/probes-missing.md" in capsys.readouterr().err


@pytest.mark.slow
def test_the_whole_way_goes_through_child_processes(estate: Path, capsys: Printed) -> None:
    assert app.run(["baseline", str(estate)]) == 0
    assert app.run(["probe", str(estate)]) == 0
    assert capsys.readouterr().out.count("2 of 2 links proved") == 2
