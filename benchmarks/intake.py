"""Alarms at a hundred a second for a minute: kept before they are answered, none lost, none twice.

The pages are the process that people start; whoever leads the run and the sender are this process.
Each question is one of Alertmanager's with one alert, of fifty different ones, and the store is a
file with full synchronisation. At the end the counts in the store, and those that the run was told
of, are compared with what was sent.
"""

from __future__ import annotations

import http.client
import json
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

if TYPE_CHECKING:
    from run_with_pages import Pages

RATE: Final = 100
SECONDS: Final = 60
SENDERS: Final = 8
DIFFERENT: Final = 50
SETTLE_SECONDS_MAX: Final = 180
GOAL_P99_MS: Final = 100


def send(address: str, token: str, nth: int, begin: float) -> list[float]:
    """One of the senders: its questions at their times; seconds from when each was due."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"))
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    took = []
    for number in range(nth, RATE * SECONDS, SENDERS):
        due = begin + number / RATE
        time.sleep(max(0.0, due - time.monotonic()))
        alert = {
            "status": "firing",
            "labels": {"alertname": f"Slow{number % DIFFERENT}"},
            "annotations": {"summary": f"it is slow, as of {number}"},
            "fingerprint": f"f{number % DIFFERENT}",
        }
        body = json.dumps({"version": "4", "alerts": [alert]})
        connection.request("POST", "/api/v1/alerts", body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 202, answer.status
        # From when it was due: a sender that waits for an answer must not hide that it waited.
        took.append(time.monotonic() - due)
    connection.close()
    return took


def main() -> None:
    """Measure, and print the figures."""
    from migrator.store.intake import Intake
    from programs import a_program
    from run_with_pages import DECIDER, NAME, pages_of_a_run
    from web_process import WebProcess

    with tempfile.TemporaryDirectory() as folder, pages_of_a_run(Path(folder)) as pages:
        web, over = WebProcess(Path(folder)), threading.Event()
        web.start()
        token = a_program(pages, DECIDER, "alarm", "benchmark").token
        intake = Intake(pages.store.database, NAME)
        try:
            begin = time.monotonic() + 1
            with ThreadPoolExecutor(SENDERS) as pool:
                senders = [
                    pool.submit(send, web.address, token, nth, begin) for nth in range(SENDERS)
                ]
                while not all(one.done() for one in senders):
                    pages.leader.answer()
                    over.wait(0.01)
                took = sorted(each for one in senders for each in one.result())
            lasted = time.monotonic() - begin
            settled = time.monotonic()
            while told(pages) < len(took) and time.monotonic() - settled < SETTLE_SECONDS_MAX:
                pages.leader.answer()
                over.wait(0.05)
        finally:
            web.kill()
        kept = sum(count for count, _ in intake.counts().values())
    rate = len(took) / lasted
    p99 = 1000 * took[int(len(took) * 0.99)]
    figures = (
        ("alarms taken a second, each kept before its answer", rate, "1/s", RATE * 0.99, True),
        ("an alarm is answered, p99", p99, "ms", GOAL_P99_MS, False),
        ("alarms lost or counted twice in the store", abs(kept - len(took)), "alarms", 0, False),
        (
            "alarms lost or counted twice in the run's disturbances",
            abs(told(pages) - len(took)),
            "alarms",
            0,
            False,
        ),
    )
    commands = sum(1 for id_ in pages.leader.run.commands)
    for name, value, unit, goal, at_least in figures:
        print(
            json.dumps(
                {
                    "figure": name,
                    "value": round(value, 1),
                    "unit": unit,
                    "goal": goal,
                    "ok": value >= goal if at_least else value <= goal,
                    "peers": {"alarms": len(took), "commands of them": commands},
                }
            )
        )


def told(pages: Pages) -> int:
    """How many alarms the run's disturbances count."""
    return sum(each.times for each in pages.leader.run.disturbances.values())


if __name__ == "__main__":
    main()
