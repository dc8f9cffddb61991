"""The process that serves the pages is killed while forms are sent: none is lost or doubled."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from urllib.parse import urlencode

from run_with_pages import ASKED, CHECK, NAME, pages_of_a_run

SERVE = """
import sys
from migrator.web.seen import see_run
from migrator.web.serving import Place, serve
serve(see_run(sys.argv[1], sys.argv[2]), Place(port=0), lambda address: print(address, flush=True))
"""
SENT_BEFORE_IT_DIES = 5


@contextmanager
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, NAME, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process, process.stdout as said:
        try:
            yield process, int(said.readline().rpartition(":")[2])
        finally:
            process.kill()


def ask(port: int, path: str, cookie: str, fields: dict[str, str] | None) -> tuple[int, str, str]:
    """The status, the cookie that was given, and the page."""
    headers = {"cookie": cookie, "accept-encoding": "identity"}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as talk:
        if fields is None:
            talk.request("GET", path, headers=headers)
        else:
            headers["content-type"] = "application/x-www-form-urlencoded"
            talk.request("POST", path, urlencode(fields), headers)
        with talk.getresponse() as answer:
            given = (answer.getheader("set-cookie") or "").partition(";")[0]
            return answer.status, given, answer.read().decode()


def test_a_form_that_was_acknowledged_is_on_the_desk_once_whoever_was_killed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    with pages_of_a_run(folder) as pages:
        token = pages.invitation(ASKED).token
        acknowledged: list[str] = []
        begun: list[dict[str, str]] = []
        enough = Event()
        with served(folder) as (process, port):
            _, cookie, _ = ask(port, f"/in/{token}", "", {})
            _, _, page = ask(port, "/checks", cookie, None)
            (form,) = re.findall(r'action="/sign-out"><input[^>]*value="([^"]+)"', page)

            def send() -> None:
                while True:
                    fields = {"form": form, "command": str(uuid.uuid4()), "saw": "1"}
                    fields |= {"target": CHECK, "said": "works_but", "side": "new", "note": "slow"}
                    begun.append(fields)
                    try:
                        status, _, _ = ask(port, "/verdicts", cookie, fields)
                    except (OSError, http.client.HTTPException):
                        return
                    assert status == 303
                    acknowledged.append(fields["command"])
                    if len(acknowledged) >= SENT_BEFORE_IT_DIES:
                        enough.set()

            senders = [Thread(target=send) for _ in range(3)]
            for each in senders:
                each.start()
            assert enough.wait(30)
            process.kill()
            for each in senders:
                each.join(20)
        with served(folder) as (_, port):
            # The session holds, and whoever heard nothing sends the same form again.
            for fields in begun:
                status, _, text = ask(port, "/verdicts", cookie, fields)
                assert status == 303, text
        on_the_desk = [each.id for each in pages.leader.journal.take_commands()]
        assert sorted(on_the_desk) == sorted(fields["command"] for fields in begun)
        assert set(acknowledged) <= set(on_the_desk)
