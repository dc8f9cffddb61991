"""The agent against real listeners on this machine: what it finds, and what it never does."""

from __future__ import annotations

from probing.running import a_header, run_agent
from probing.servers import serving


def test_port_that_listens_is_ok_and_one_that_does_not_is_refused() -> None:
    with serving() as there:
        port = there.port
        results = run_agent(
            a_header(),
            [
                {"id": "a", "kind": "tcp", "host": "127.0.0.1", "port": port},
                {"id": "b", "kind": "tcp", "host": "127.0.0.2", "port": 1, "of": 1},
            ],
        )
    assert [(r["id"], r["word"], r["tries"]) for r in results] == [
        ("a", "ok", 1),
        ("b", "refused", 1),
    ]
    assert results[0]["source"] == "127.0.0.1"
    assert results[0]["address"] == "127.0.0.1"
    assert 0 < results[0]["connect_ms"] < 5000
