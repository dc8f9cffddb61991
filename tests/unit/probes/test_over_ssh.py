"""The agent over ssh, with a script in the place of ssh: what is said to it and what comes of it.

`tests/probing/test_over_ssh.py` does the same with a real sshd; this one needs no other program.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from false_agents import a_header, a_look, each, false_agent, ids
from migrator.engine.ports import VantageLost
from migrator.errors import InputError
from migrator.probes.over_ssh import OverSsh

FAKE = """#!/bin/sh
echo "$@" >> {folder}/asked
for word; do
  case "$word" in
    -O) echo ask >> {folder}/calls; {asked} ;;
    -N) echo connect >> {folder}/calls; {connected} ;;
  esac
done
echo session >> {folder}/calls
while [ "$1" != -- ]; do shift; done
echo "motd: welcome to $2"
export PATH={folder}:/nowhere
exec /bin/sh -c "$3"
"""


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a script called `ssh` first on the path, and a python3 on that of the other host."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr("migrator.probes.conversing.END_SECONDS_MAX", 0.2)

    def install(*, connected: str = "exit 0", asked: str = "exit 0", python: str = "") -> None:
        text = FAKE.format(folder=folder, connected=connected, asked=asked)
        (folder / "ssh").write_text(text)
        (folder / "python3").write_text(python or f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        (folder / "sh").symlink_to("/bin/sh")
        for name in ("ssh", "python3"):
            (folder / name).chmod(0o700)

    return install


async def looked(vantage: OverSsh, agent: bytes, *lines: bytes) -> list[bytes]:
    header = a_header(hashlib.sha256(agent).hexdigest())
    return [line async for line in vantage.look(header, each(lines))]


async def test_batches_share_one_connection_and_closing_ends_it(
    client: Callable[..., None], tmp_path: Path
) -> None:
    client()
    agent = false_agent()
    vantage = OverSsh(agent, "old-web")
    for number in range(3):
        answers = await looked(vantage, agent, *(a_look(f"{number}-{n}") for n in range(100)))
        assert ids(answers) == [f"{number}-{n}" for n in range(100)]
        assert json.loads(answers[-1])["n"] == 100
    await vantage.close()
    calls = (tmp_path / "bin" / "calls").read_text().split()
    assert calls == ["connect", "session", "ask", "session", "ask", "session", "ask"]
    asked = (tmp_path / "bin" / "asked").read_text().splitlines()
    folder = Path(asked[0].partition("ControlPath=")[2].split("/%C")[0])
    assert not folder.exists(), "nothing is left"  # noqa: ASYNC240
    assert asked[-1].endswith("-O exit -- old-web")


async def test_a_connection_that_broke_is_made_anew(
    client: Callable[..., None], tmp_path: Path
) -> None:
    client(asked="exit 255")
    agent = false_agent()
    vantage = OverSsh(agent, "old-web")
    for _ in range(2):
        await looked(vantage, agent, a_look("a"))
    await vantage.close()
    calls = (tmp_path / "bin" / "calls").read_text().split()
    assert calls.count("connect") == 2


async def test_no_option_weakens_what_ssh_checks(
    client: Callable[..., None], tmp_path: Path
) -> None:
    client()
    agent = false_agent()
    vantage = OverSsh(agent, "old-web")
    await looked(vantage, agent, a_look("a"))
    await vantage.close()
    for asked in (tmp_path / "bin" / "asked").read_text().splitlines()[:2]:
        assert "StrictHostKeyChecking=yes" in asked
        assert "BatchMode=yes" in asked
        assert "UserKnownHostsFile" not in asked


@pytest.mark.parametrize(
    ("said", "reason", "for_good"),
    [
        ("No ED25519 host key is known for [h]:22", "No ED25519 host key is known", True),
        ("Host key verification failed.", "a host key is not known", True),
        ("u@h: Permission denied (publickey).", "Permission denied", True),
        ("ssh: connect to host h port 22: Connection refused", "Connection refused", False),
        ("ssh: connect to host h port 22: Connection timed out", "timed out", False),
    ],
)
async def test_a_host_that_cannot_be_entered_is_named_with_what_ssh_says(
    client: Callable[..., None], said: str, reason: str, for_good: bool
) -> None:
    client(connected=f"echo '{said}' >&2; exit 255")
    vantage = OverSsh(false_agent(), "old-web")
    with pytest.raises(VantageLost, match=f"old-web.*{reason}") as caught:
        await looked(vantage, false_agent(), a_look("a"))
    assert caught.value.for_good == for_good
    await vantage.close()


async def test_a_host_without_a_python_is_named_with_what_it_has(
    client: Callable[..., None],
) -> None:
    old = '#!/bin/sh\n[ "$1" = -V ] && echo Python 3.6.8\nexit 1\n'
    client(python=old)
    vantage = OverSsh(false_agent(), "old-web")
    with pytest.raises(VantageLost, match=r"no Python 3.9 or newer.*3\.6\.8.*on old-web") as caught:
        await looked(vantage, false_agent(), a_look("a"))
    assert caught.value.for_good
    await vantage.close()


async def test_a_newer_python_beside_one_that_is_too_old_is_found(
    client: Callable[..., None], tmp_path: Path
) -> None:
    client(python="#!/bin/sh\nexit 1\n")
    newer = tmp_path / "bin" / "python3.11"
    newer.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    newer.chmod(0o700)
    agent = false_agent()
    vantage = OverSsh(agent, "old-web")
    assert ids(await looked(vantage, agent, a_look("a"))) == ["a"]
    await vantage.close()


async def test_a_connection_that_breaks_in_between_is_a_lost_vantage_point(
    client: Callable[..., None],
) -> None:
    client()
    agent = false_agent("breaks")
    vantage = OverSsh(agent, "old-web")
    with pytest.raises(VantageLost, match="its agent on old-web ended") as caught:
        await looked(vantage, agent, *(a_look(f"look-{n}") for n in range(5)))
    assert not caught.value.for_good
    await vantage.close()


@pytest.mark.parametrize("name", ["-oProxyCommand=evil", "", "two words", "a\nb"])
def test_what_ssh_would_read_as_an_option_is_no_host(name: str) -> None:
    with pytest.raises(InputError):
        OverSsh(b"", name)
