"""A live run whose links are proved one by one, by real agents at real listeners on loopback.

Each subsystem has a listener on either side that says which one it is; acts are small programs.
"""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from by_command import Willing
from live_estate import a_live_plan
from migrator.cli.run_reading import Read, read_plan_here
from migrator.engine import events as ev
from migrator.engine.states import WaveState
from migrator.store.sql import open_store
from migrator.wiring.live import begin_live, conduct
from migrator.wiring.practising import Practised

pytestmark = pytest.mark.slow

PROBES = """\
allow: [127.0.0.0/8]
caps: {{target_at_once: 4, target_per_second: 500, per_second: 500, network_per_second: 500}}
patience: {{need: 1, of: 2, seconds: 5}}
vantages:
  - {{id: here, kind: here}}
stands:
  - {{old: here, new: here}}
addresses:
  web.app: {{old: {{host: 127.0.0.1, port: {web_old}}}, new: {{host: 127.0.0.1, port: {web_new}}}}}
  register.app:
    old: {{host: 127.0.0.1, port: {register_old}}}
    new: {{host: 127.0.0.1, port: {register_new}}}
checks:
  - match: {{protocol: http}}
    kind: http
    args: {{path: /, status: [200]}}
    identity: {{old: "side=old", new: "side=new"}}
"""


@dataclass
class Listener:
    """A real listener: which side it says it is, and how long it takes to say so."""

    side: str
    port: int = 0
    seconds: float = 0.0


@contextmanager
def listening(listener: Listener) -> Iterator[Listener]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(listener.seconds)
            body = f"side={listener.side}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        listener.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield listener
        finally:
            server.shutdown()
            thread.join()


@dataclass
class Night:
    """A weekend that was carried out."""

    done: Practised
    looks: list[ev.LinksJudged]
    folder: Path

    def state(self, move: str) -> WaveState:
        run = self.done.run
        return run.waves[run.moves[move].wave].state

    def look(self, move: str, name: str) -> ev.LinksJudged:
        return next(each for each in self.looks if (each.move, each.look) == (move, name))


def carried_out(folder: Path, *, broken: str = "", **new: Listener) -> Night:
    """Carry the small plan out; `new` are listeners of the new side other than plain ones."""
    with ExitStack() as stack:
        ports = {}
        for name in ("web", "register"):
            ports[f"{name}_old"] = stack.enter_context(listening(Listener("old"))).port
            other = new.get(name, Listener("new"))
            ports[f"{name}_new"] = stack.enter_context(listening(other)).port
        if broken:
            ports[f"{broken}_new"] = 9  # nobody listens there
        plan = a_live_plan(folder, probes=PROBES.format(**ports))
        read = read_plan_here(plan, None)
        assert isinstance(read, Read), read
        with open_store(folder / "state", practice=False) as store:
            led = begin_live(store, read.itinerary, "night", "anna", read.files)
            willing = Willing(led.journal)
            done = conduct(led, willing)
    looks = [line.event for line in willing.lines if isinstance(line.event, ev.LinksJudged)]
    return Night(done, looks, folder)


def test_a_weekend_whose_links_all_answer_is_accepted_on_their_proof(tmp_path: Path) -> None:
    night = carried_out(tmp_path)
    assert night.done.run.outcome == "completed"
    for look in night.looks:
        assert (look.same + look.deferred, look.regressed, look.unproved) == (2, 0, 0), look
        assert (tmp_path / "state" / "sweeps" / "night" / look.sweep / "summary.json").exists()
    for move in ("web", "register"):
        assert night.look(move, "baseline").same == 2
    # Of two that cross together the later one proves the links between them.
    assert 2 in [night.look(move, "probe-links").same for move in ("web", "register")]


def test_a_link_that_is_refused_on_the_new_side_takes_its_wave_back(tmp_path: Path) -> None:
    night = carried_out(tmp_path, broken="register")
    assert night.state("register") is WaveState.RETURNED
    worse = [each for each in night.looks if each.regressed]
    assert {(each.regressed, each.examples) for each in worse} == {(1, ("web-register",))}
    assert "refused" in worse[0].causes[0]
    back = [each for each in night.looks if each.look == "prove-back"]
    assert {each.regressed for each in back} == {0}
    # Of two that go back together the later one proves the links between them; it need not be the
    # one whose look took longer.
    assert 2 in [each.same for each in back], "after the unwind the old links are proved again"


def test_a_link_that_the_wrong_side_answers_takes_its_wave_back(tmp_path: Path) -> None:
    night = carried_out(tmp_path, web=Listener("old"))
    assert night.state("web") is WaveState.RETURNED
    worse = [each for each in night.looks if each.regressed]
    assert worse
    assert {(each.regressed, each.wrong_side, each.examples) for each in worse} == {
        (1, 1, ("register-web",))
    }


def test_a_link_that_has_become_slow_takes_its_wave_back(tmp_path: Path) -> None:
    night = carried_out(tmp_path, register=Listener("new", seconds=2.5))
    assert night.state("register") is WaveState.RETURNED
    worse = [each for each in night.looks if each.regressed]
    assert worse
    assert {(each.regressed, each.slower, each.examples) for each in worse} == {
        (1, 1, ("web-register",))
    }
