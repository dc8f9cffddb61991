"""What breaks below a move: the API server, etcd, the way to them, the node. The move outlasts it.

Nobody unwinds what is healthy because a control plane is away for half a minute: the step waits,
and the wave is accepted. Only what the act itself cannot reach in its own time is taken back.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from cluster.faulty import Night, begins, ends, night
from cluster.lab.parts import Lab, wait_until
from cluster.slow_way import slow_way
from migrator.engine import events as ev

__all__ = ["night"]  # a fixture
pytestmark = pytest.mark.cluster
AWAY_SECONDS = 30.0
FROZEN_SECONDS = 8.0


@pytest.fixture(autouse=True)
def whole_again(lab: Lab) -> Iterator[None]:
    """Whatever a test has stopped goes on, and answers, before the next one begins."""
    yield
    for part in ("etcd", "kube-apiserver", "kubelet"):
        if not lab.lives(part):
            lab.start(part)
        lab.send(part, signal.SIGCONT)
    wait_until(lambda: answers(lab), 60, "the API server does not answer again")


def answers(lab: Lab) -> bool:
    try:
        return lab.kubectl("get", "--raw=/readyz", seconds_max=5) == "ok"
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer
        return False


def away(lab: Lab, part: str, seconds: float) -> Callable[[], None]:
    """Kill a part, and start it again after a while."""

    def do() -> None:
        lab.kill(part)
        time.sleep(seconds)
        lab.start(part)
        wait_until(lambda: answers(lab), 60, f"nobody answers after {part} was started again")

    return do


def healthy(night: Night, name: str) -> None:
    """Carry it out, and see it accepted: nothing is taken back, and no caller met anything."""
    ended = night.carry_out(night.estate(name))
    ended.is_there()
    unwound = [line for line in ended.lines if isinstance(line.event, ev.UndoStarted)]
    assert not unwound, "what was healthy was taken back"
    for heard in ended.heard.values():
        # A front that is a moment old is not in the data plane yet, and nobody calls it yet.
        words = [call.word for call in heard.calls]
        after = words[words.index("old") :]
        assert set(after) <= {"old", "new"}, after


@pytest.mark.parametrize(
    "act",
    [
        pytest.param("prepare", marks=pytest.mark.slow),
        pytest.param("start", marks=pytest.mark.slow),
        "switch",
        pytest.param("probe-links", marks=pytest.mark.slow),
        pytest.param("finalise", marks=pytest.mark.slow),
    ],
)
def test_the_api_server_is_restarted(night: Night, act: str) -> None:
    night.when(begins(act), "the API server restarts", away(night.lab, "kube-apiserver", 0.0))
    healthy(night, "ga")


@pytest.mark.slow
@pytest.mark.parametrize("act", ["start", "switch"])
def test_the_api_server_is_away_for_half_a_minute(night: Night, act: str) -> None:
    away_for = away(night.lab, "kube-apiserver", AWAY_SECONDS)
    night.when(begins(act), "the API server is away", away_for)
    healthy(night, "gb")


@pytest.mark.parametrize("act", [pytest.param("start", marks=pytest.mark.slow), "switch"])
def test_etcd_is_restarted(night: Night, act: str) -> None:
    night.when(begins(act), "etcd restarts", away(night.lab, "etcd", 3.0))
    healthy(night, "gc")


# Over a slow way, TLS says farewell to a connection only after the loop that it belongs to.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
def test_the_way_to_the_api_server_is_slow(night: Night) -> None:
    with slow_way(night.lab, 0.25, night.folder) as kubeconfig:
        ended = night.carry_out(
            night.estate("gd", "ge", links=[("gd", "ge")]), kubeconfig=kubeconfig
        )
    ended.is_there()


@contextmanager
def frozen(lab: Lab, part: str) -> Iterator[None]:
    lab.send(part, signal.SIGSTOP)
    try:
        yield
    finally:
        lab.send(part, signal.SIGCONT)


def freezes(lab: Lab, part: str) -> Callable[[], None]:
    """Stop a part for a while, without its end."""

    def do() -> None:
        with frozen(lab, part):
            time.sleep(FROZEN_SECONDS)

    return do


def test_the_kubelet_is_frozen_during_a_start(night: Night) -> None:
    night.when(begins("start"), "the kubelet is frozen", freezes(night.lab, "kubelet"))
    ended = night.carry_out(night.estate("gf"))
    ended.is_there()
    assert ended.took("start") >= FROZEN_SECONDS - 1


@pytest.mark.slow
def test_the_kubelet_is_frozen_for_longer_than_a_start_may_take(night: Night) -> None:
    def do() -> None:
        with frozen(night.lab, "kubelet"):
            wait_until(lambda: bool(heard), 60, "the wave does not turn back")

    heard: list[float] = []
    night.when(begins("start"), "the kubelet is frozen", do)
    night.when(begins("stop-target"), "the unwind", lambda: heard.append(time.time()))
    ended = night.carry_out(night.estate("gg", start=0.2))
    ended.is_back()
    assert "not-ready-in-time" in ended.cause


def test_the_kubelet_is_frozen_during_a_stop(night: Night) -> None:
    """A pod that is being deleted still answers: the stop is not done before it is gone."""
    night.when(begins("stop-target"), "the kubelet is frozen", freezes(night.lab, "kubelet"))
    ended = night.carry_out(night.estate("gh"), no_to=["gh"])
    ended.is_back()
    assert ended.heard["gh"].turns == ["old", "new", "old"]
    assert ended.took("stop-target") >= FROZEN_SECONDS - 1
    back = next(line.at for line in ended.lines if ends("switch-back")(line.event))
    stop = next(line.at for line in ended.lines if ends("stop-target")(line.event))
    assert back < stop, "the traffic does not wait for a node"
