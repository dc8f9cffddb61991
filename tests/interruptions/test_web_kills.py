"""The web process is killed while a thousand verdicts come through the API: none lost, none twice.

Whoever gives a command makes its id and asks again with the same one; what was acknowledged stands
in the store. KILLS and TICKS in the environment make it longer or shorter.
"""

from __future__ import annotations

import os
import random
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from migrator.cli.server_talk import Server
from migrator.engine import events as ev
from programs import a_program
from run_with_pages import ASKED, CHECK, OTHER, SECOND_CHECK, Pages, pages_of_a_run
from web_process import WebProcess

pytestmark = pytest.mark.soak

TICKS = int(os.environ.get("TICKS", "1000"))
KILLS = int(os.environ.get("KILLS", "12"))
CLIENTS = 4
SIDES = ("new", "new", "new", "old")


def give(server: Server, ids: list[str], check: str, done: Counter[str]) -> list[object]:
    """Give one verdict after the other; the answers."""
    answers = []
    for number, id_ in enumerate(ids):
        side = SIDES[number % len(SIDES)]
        body = {
            "id": id_, "verb": "tick", "target": check, "seen": 0,
            "details": {"verdict": "works", "side": side},
        }  # fmt: skip
        answers.append(server.post("/commands", body))
        done["given"] += 1
    return answers


def answered(pages: Pages) -> Counter[str]:
    """How often each command was answered, by the journal itself."""
    lines = pages.leader.journal.lines()
    return Counter(
        line.event.command
        for line in lines
        if isinstance(line.event, ev.CommandTaken | ev.CommandRefused)
    )


def test_no_verdict_is_lost_or_doubled_while_the_web_process_dies_again_and_again(
    tmp_path: Path,
) -> None:
    chance = random.Random(8)
    with pages_of_a_run(tmp_path / "store") as pages, ThreadPoolExecutor(CLIENTS) as pool:
        web, done, over = WebProcess(tmp_path / "store"), Counter[str](), threading.Event()
        web.start()
        before = answered(pages)
        each = TICKS // CLIENTS
        ids = [[str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(each)]
               for _ in range(CLIENTS)]  # fmt: skip
        given = []
        for number, some in enumerate(ids):
            person, check = ((ASKED, CHECK), (OTHER, SECOND_CHECK))[number % 2]
            server = Server(web.address, a_program(pages, person).token, try_seconds=120)
            given.append(pool.submit(give, server, some, check, done))
        after = sorted(chance.sample(range(1, TICKS - CLIENTS), KILLS))
        try:
            while not all(one.done() for one in given):
                pages.leader.answer()
                if after and done["given"] >= after[0]:
                    web.kill()
                    after = [count for count in after if count > done["given"]]
                    web.start()
                over.wait(0.005)
            receipts = [answer for one in given for answer in one.result()]
        finally:
            web.kill()
        pages.leader.answer()
        wanted = Counter(id_ for some in ids for id_ in some)
        assert len(receipts) == len(wanted) == each * CLIENTS
        assert answered(pages) - before == wanted, "each exactly once"
        ticks = Counter(
            (line.event.check, line.event.person)
            for line in pages.leader.journal.lines()
            if isinstance(line.event, ev.TickGiven)
        )
        assert set(ticks.values()) == {1}
