"""What a sweep makes twice or leaves out when it is killed, counted at the listeners themselves.

A sweep of many looks, each at an address of its own, runs in a process that is killed (SIGKILL)
again and again at moments drawn from a seed, and is gone on with each time. One listener hears on
all those addresses and counts every connection. What was proved on the disk at a kill must never be
connected to again, and at the end nothing may be without a result. Beside it: what one process
needs for a million looks, with an agent that answers at once, and to go on with them.
"""

from __future__ import annotations

import json
import random
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from migrator.probes.agent import wire
from migrator.probes.keeping import read_back
from migrator.probes.model import lines_file

sys.path.append(str(Path(__file__).parent.parent / "tests"))

from false_agents import false_agent

LOOKS: Final = 60_000
RATE: Final = 4000.0
KILLS: Final = 6
SEED: Final = 11
QUIET_SECONDS: Final = 1.0
MILLION: Final = 1_000_000
MEMORY_MB: Final = 500.0


def main() -> None:
    """Measure, and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        killed(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        million(Path(folder))


class Listener:
    """Takes in everybody on every loopback address of one port, and counts them by address."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("0.0.0.0", 0), backlog=4096)  # noqa: S104 - loopback's
        self.port = int(self.socket.getsockname()[1])
        self.counts: Counter[str] = Counter()
        self.ended = False

    def run(self) -> None:
        """Until it is ended."""
        self.socket.settimeout(0)
        while not self.ended:
            select.select([self.socket], [], [], 0.1)
            try:
                while True:
                    connected, _ = self.socket.accept()
                    self.counts[connected.getsockname()[0]] += 1
                    connected.close()
            except BlockingIOError:
                continue


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener beside the sweep."""
    listener = Listener()
    with closing(listener.socket):
        thread = threading.Thread(target=listener.run)
        thread.start()
        try:
            yield listener
        finally:
            listener.ended = True
            thread.join()


def killed(folder: Path) -> None:
    """Kill the sweep and go on with it, and count what the listener saw."""
    chance = random.Random(SEED)
    again: set[str] = set()
    amid = 0
    with listening() as listener:
        addresses = write_looks(folder, LOOKS, listener.port)
        proved: set[str] = set()
        for _ in range(KILLS):
            process = begun(folder, LOOKS, "real")
            time.sleep(chance.uniform(1.5, 4.0))
            process.kill()
            process.wait()
            until_quiet(listener)
            seen = Counter(listener.counts)
            now = read_back(folder, "here").proved
            assert proved <= now, "what was on the disk is gone"
            again |= made_again(folder, listener, addresses, now, seen, chance)
            proved = read_back(folder, "here").proved
            amid += (len(now) < LOOKS) + (len(proved) < LOOKS)
        done = begun(folder, LOOKS, "real")
        assert done.wait() == 0
        final = read_back(folder, "here").proved
        skipped = [n for n in addresses if n not in final or not listener.counts[addresses[n]]]
        twice = sum(1 for count in listener.counts.values() if count > 1)
    peers: dict[str, object] = {
        "looks": LOOKS,
        "kills": 2 * KILLS,
        "of them in mid-sweep": amid,
        "seed": SEED,
        "looks made twice, because their result was not on the disk yet": twice,
    }
    figure("proved looks made again after kill -9", len(again), "looks", 0, peers)
    figure("looks skipped after kill -9", len(skipped), "looks", 0, peers)


def made_again(
    folder: Path,
    listener: Listener,
    addresses: dict[str, str],
    proved: set[str],
    before: Counter[str],
    chance: random.Random,
) -> set[str]:
    """Go on once, kill it again, and find what was proved before and connected to since."""
    process = begun(folder, LOOKS, "real")
    time.sleep(chance.uniform(1.5, 4.0))
    process.kill()
    process.wait()
    until_quiet(listener)
    return {n for n in proved if listener.counts[addresses[n]] != before[addresses[n]]}


def begun(folder: Path, looks: int, agent: str) -> subprocess.Popen[str]:
    """The sweep's process."""
    program = Path(__file__).parent / "_sweep_controller.py"
    words = [sys.executable, str(program), str(folder), str(looks), str(RATE), agent]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def until_quiet(listener: Listener) -> None:
    """Wait until the killed sweep's agent has gone, too."""
    before = -1
    while before != listener.counts.total():
        before = listener.counts.total()
        time.sleep(QUIET_SECONDS)


def write_looks(folder: Path, count: int, port: int) -> dict[str, str]:
    """Looks at addresses of their own; the address of each."""
    file = lines_file(folder, "here")
    file.parent.mkdir(parents=True)
    found = {}
    with file.open("w") as out:
        for number in range(count):
            # Spread over networks, as a planned sweep is.
            low, high = divmod(number, 250)
            host = f"127.{high + 1}.{low // 250 + 1}.{low % 250 + 1}"
            look = {"id": f"look-{number:07}", "kind": "tcp", "host": host, "port": port}
            out.write(json.dumps(look) + "\n")
            if count <= LOOKS:
                found[str(look["id"])] = host
    return found


def million(folder: Path) -> None:
    """The memory of one process that runs a million looks, and of one that goes on with them."""
    write_looks(folder, MILLION, 9)
    agent = folder / "agent.pyz"
    agent.write_bytes(false_agent("quick"))
    began = time.monotonic()
    memory = run_whole(folder, agent)
    seconds = time.monotonic() - began
    assert len(read_back(folder, "here").proved) == MILLION
    going_on = run_whole(folder, agent)
    peers: dict[str, object] = {
        "looks a second, agent answering at once": round(MILLION / seconds),
        "going on with a million proved looks, MB": going_on,
        "word": wire.OK,
    }
    figure("memory of a sweep's controller, 1 million links", memory, "MB", MEMORY_MB, peers)


def run_whole(folder: Path, agent: Path) -> float:
    """Run to the end; what its memory came to, in megabytes."""
    process = begun(folder, MILLION, str(agent))
    said, _ = process.communicate()
    assert process.returncode == 0
    return round(int(said) / 1024, 1)


def figure(name: str, value: float, unit: str, goal: float, peers: dict[str, object]) -> None:
    """Print one figure."""
    line = {"figure": name, "value": value, "unit": unit, "goal": goal, "ok": value <= goal}
    print(json.dumps({**line, "peers": peers}), flush=True)


if __name__ == "__main__":
    main()
