"""`migrator baseline` and `probe` from an old host behind another one, the whole way."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from builders import a_link, csv_of, write_inventory
from migrator.cli import app
from probing.old_hosts import Hosts

pytestmark = pytest.mark.slow

PROBES = """\
allow: [127.0.0.0/8]
patience: {{need: 1, of: 1, seconds: 1}}
vantages:
  - {{id: old-web, kind: ssh, host: {host}}}
  - {{id: gone, kind: ssh, host: nowhere-at-all}}
stands:
  - {{component: web.app, old: old-web}}
  - {{old: gone}}
addresses:
  payments.app: {{host: 127.0.0.1, port: {port}}}
checks:
  - {{match: {{}}, kind: tcp}}
"""


def test_links_are_proved_from_where_they_are_used_and_the_rest_is_named(
    hosts: Hosts,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hosts.add("door")
    hosts.add("old-web-1", through="door")
    monkeypatch.chdir(tmp_path)
    links = csv_of(a_link("l-1"), a_link("l-2", source="ledger.app"))
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        estate = write_inventory(tmp_path / "ours", links=links)
        text = PROBES.format(host="old-web-1", port=port)
        (estate / "probes.yaml").write_text(text, "utf-8")
        assert app.run(["baseline", str(estate)]) == 0
        said = capsys.readouterr().out
        assert "1 of 2 links proved" in said
        assert "gone could not be asked: nowhere-at-all cannot be entered" in said
    assert app.run(["probe", str(estate)]) == 1
    assert "1 worse" in capsys.readouterr().out
    assert hosts.entered("door") == hosts.entered("old-web-1") == 2
