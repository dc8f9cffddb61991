"""Handlers at their pages: so many streams open, so many verdicts a second, one server process.

A program for measuring, not a figure with a goal: `python benchmarks/_page_load.py [STREAMS]
[VERDICTS/S] [SECONDS]`. The server, whoever leads the run and the clients are three processes of
one machine. Acknowledged: from sending a verdict to the answer that names its receipt, which comes
when the command is committed. Seen: from sending it to the frame, on each stream, that tells
of the line which answers it. The run is the one that tests of pages use; a verdict on a check that
has enough of them is refused, and the refusal is a line like any other.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing as mp
import os
import re
import sys
import tempfile
import time
import uuid
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))


def lead(folder: str, ready: Connection, told: Connection) -> None:
    """Make the run, then answer every command; at the end say which line answered which."""
    from pathlib import Path as Folder

    from migrator.conductor.clock import wall_now
    from run_with_pages import NAME, pages_of_a_run
    from weekend import HANDLERS

    with pages_of_a_run(Folder(folder)) as pages:
        now = wall_now()
        cards = pages.store.sign_in(NAME).invite(HANDLERS, now, now + timedelta(hours=1))
        ready.send([card.token for card in cards])
        answered: dict[str, int] = {}
        while not told.poll(0.002):
            for command in pages.leader.journal.take_commands():
                from migrator.engine.commands import answer

                pages.leader.note(*answer(pages.leader.run, command, pages.leader.now, {}))
                answered[command.id] = pages.leader.run.seq
        told.recv()
        told.send(answered)


def serve_pages(folder: str, ready: Connection) -> None:
    """Serve the run as `migrator serve` does."""
    from migrator.web.seen import see_run
    from migrator.web.serving import Place, serve
    from run_with_pages import NAME

    serve(see_run(NAME, folder), Place(port=0), ready.send)


class Browser:
    """Somebody who is signed in."""

    def __init__(self, port: int) -> None:
        """Not signed in yet."""
        self.port = port
        self.cookie = ""

    async def ask(self, method: str, path: str, body: str = "") -> tuple[int, str]:
        """One question on a connection of its own: its status, and all that came."""
        reader, writer = await self.open(method, path, body)
        text = (await reader.read()).decode()
        writer.close()
        return int(text[9:12]), text

    async def open(
        self, method: str, path: str, body: str = ""
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Send a question."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", "sec-fetch-site: same-origin"]
        lines += [f"cookie: {self.cookie}", "connection: close", f"content-length: {len(body)}"]
        if body:
            lines.append("content-type: application/x-www-form-urlencoded")
        writer.write("\r\n".join([*lines, "", body]).encode())
        return reader, writer

    async def sign_in(self, token: str) -> str:
        """Sign in; the answer is a form token."""
        status, text = await self.ask("POST", f"/in/{token}")
        assert status == 303, text
        self.cookie = re.search(r"(?i)set-cookie: ([^;]+)", text)[1]  # type: ignore[index]
        _, page = await self.ask("GET", "/checks")
        return re.search(r'name="form" value="([^"]+)"', page)[1]  # type: ignore[index]


async def listen(browser: Browser, seen: list[tuple[float, int]], going: asyncio.Event) -> None:
    """Note when each frame came, and up to which line it tells."""
    reader, writer = await browser.open("GET", "/stream")
    try:
        while line := await reader.readline():
            if line.startswith(b"id: "):
                seen.append((time.perf_counter(), int(line[4:])))
            elif line.startswith(b"retry"):
                going.set()
    finally:
        writer.close()


async def load(
    port: int, tokens: list[str], streams: int, rate: float, lasting: float
) -> tuple[dict[str, tuple[float, float]], list[list[tuple[float, int]]]]:
    """Open the streams, send the verdicts; when each was sent and acknowledged, what was seen."""
    browsers = [Browser(port) for _ in tokens]
    forms = [await each.sign_in(token) for each, token in zip(browsers, tokens, strict=True)]
    seen: list[list[tuple[float, int]]] = [[] for _ in range(streams)]
    begun = [asyncio.Event() for _ in seen]
    readers = [
        asyncio.create_task(listen(browsers[n % len(browsers)], found, begun[n]))
        for n, found in enumerate(seen)
    ]
    await asyncio.wait_for(asyncio.gather(*(each.wait() for each in begun)), 30)
    sent: dict[str, tuple[float, float]] = {}

    async def verdict(number: int) -> None:
        who, command = number % len(browsers), str(uuid.uuid4())
        body = (
            f"form={forms[who]}&command={command}&saw=1&target=function-1-1@w01"
            "&said=cannot_judge&side=new&note="
        )
        at = time.perf_counter()
        status, text = await browsers[who].ask("POST", "/verdicts", body)
        assert status == 303, text
        sent[command] = (at, time.perf_counter())

    began = time.perf_counter()
    tasks = []
    for number in range(round(rate * lasting)):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(verdict(number)))
    await asyncio.gather(*tasks)
    await asyncio.sleep(2)
    for each in readers:
        each.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return sent, seen


def share(values: list[float], part: float) -> float:
    """A quantile in milliseconds."""
    return round(sorted(values)[min(len(values) - 1, int(part * len(values)))] * 1000, 1)


def main() -> None:
    """Measure once and print one line per figure."""
    streams, rate, lasting = (
        float(each) for each in [*sys.argv[1:], *("200", "20", "20")[len(sys.argv) - 1 :]]
    )
    context = mp.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        where = str(Path(folder) / "store")
        ready, leads = context.Pipe()
        told, tells = context.Pipe()
        leader = context.Process(target=lead, args=(where, leads, tells))
        leader.start()
        tokens = ready.recv()
        heard, says = context.Pipe()
        server = context.Process(target=serve_pages, args=(where, says))
        server.start()
        port = int(heard.recv().rpartition(":")[2])
        sent, seen = asyncio.run(load(port, tokens, int(streams), rate, lasting))
        status = Path(f"/proc/{server.pid}/status").read_text()
        used = sum(map(int, Path(f"/proc/{server.pid}/stat").read_text().split()[13:15]))
        told.send(None)
        answered = told.recv()
        for each in (leader, server):
            each.terminate()
            each.join()
    waits, missed = [], 0
    for command, (at, _) in sent.items():
        line = answered[command]
        for found in seen:
            when = next((moment for moment, upto in found if upto >= line), None)
            if when is None:
                missed += 1
            else:
                waits.append(when - at)
    acknowledged = [done - at for at, done in sent.values()]
    figures = {
        "verdicts": len(sent),
        "lost": len(sent) - len(set(sent) & set(answered)),
        "frames missed": missed,
        "acknowledged p50": share(acknowledged, 0.5),
        "acknowledged p99": share(acknowledged, 0.99),
        "seen p50": share(waits, 0.5),
        "seen p99": share(waits, 0.99),
        "server rss": int(re.search(r"VmHWM:\s+(\d+)", status)[1]) // 1024,  # type: ignore[index]
        "server cpu": round(used / os.sysconf("SC_CLK_TCK"), 1),
    }
    units = {"server rss": "MiB", "server cpu": "s"}
    for figure, value in figures.items():
        unit = units.get(figure, "ms" if "p" in figure.split()[-1] else "")
        print(json.dumps({"figure": f"pages: {figure}", "value": value, "unit": unit}))


if __name__ == "__main__":
    main()
