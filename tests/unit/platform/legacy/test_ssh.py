"""Commands over ssh: against a real sshd on loopback where there is one, else a fake client.

The fake is a script called `ssh` that drops the options and runs the words with a shell, as the
other end would; it says on stderr that it is a fake. It proves our quoting, guard and bootstrap,
but nothing about keys and connections. MIGRATOR_SSHD names an sshd that is not installed.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from migrator.errors import InputError, PermanentError, TransientError
from migrator.plan.means import Command, InDoubt, Means
from migrator.platform.legacy import ssh
from migrator.platform.legacy.command import Commands
from migrator.platform.legacy.facts import ActFacts, LostEnd
from migrator.platform.legacy.guard_record import processes

SSHD = Path(os.environ.get("MIGRATOR_SSHD", "/usr/sbin/sshd"))

FAKE = """#!/bin/sh
echo 'this is a fake ssh' >&2
while [ "$1" != -- ]; do shift; done
echo "motd: welcome to $2"
export HOME={home}
exec /bin/sh -c "$3"
"""

pytestmark = pytest.mark.skipif(not processes(), reason="no /proc on this machine")


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a script called `ssh` first on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def install(script: str) -> None:
        (folder / "ssh").write_text(script)
        (folder / "ssh").chmod(0o700)

    return install


@pytest.fixture
def host(tmp_path: Path, client: Callable[[str], None]) -> Iterator[str]:
    """A host that can be entered."""
    home = tmp_path / "home"
    home.mkdir()
    if not SSHD.exists():
        client(FAKE.format(home=home))
        yield "over-there"
        return
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    real = shutil.which("ssh", path="/usr/bin:/bin:/usr/local/bin")
    for key in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key],  # noqa: S607
            check=True,
        )
    shutil.copy(tmp_path / "user_key.pub", tmp_path / "authorized_keys")
    known = f"[127.0.0.1]:{port} {(tmp_path / 'host_key.pub').read_text()}"
    (tmp_path / "known_hosts").write_text(known)
    (tmp_path / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host_key\nPidFile none\n"
        f"AuthorizedKeysFile {tmp_path}/authorized_keys\nStrictModes no\nUsePAM no\n"
        f"SetEnv HOME={home}\n"
    )
    (tmp_path / "config").write_text(
        f"Host over-there\nHostName 127.0.0.1\nPort {port}\nUser {getpass.getuser()}\n"
        f"IdentityFile {tmp_path}/user_key\nUserKnownHostsFile {tmp_path}/known_hosts\n"
    )
    client(f'#!/bin/sh\nexec {real} -F {tmp_path}/config "$@"\n')
    server = subprocess.Popen(
        [SSHD, "-D", "-e", "-f", tmp_path / "sshd_config"], stderr=subprocess.DEVNULL
    )
    for _ in range(200):
        with closing(socket.socket()) as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.01)
    yield "over-there"
    server.terminate()
    server.wait()


async def test_a_command_runs_over_there_with_its_files_and_its_secret(
    commands: Commands,
    act: ActFacts,
    files: Path,
    host: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("API_KEY", "correct-horse")
    (files / "scripts").mkdir()
    (files / "scripts" / "copy.sh").write_text(
        "#!/bin/sh\npwd; printf '<%s>' \"$@\"; echo; echo $MIGRATOR_TOKEN ${#KEY} $KEY\n"
        "tr '\\0' ' ' < /proc/$PPID/cmdline; cat scripts/list\n"
    )
    (files / "scripts" / "copy.sh").chmod(0o700)
    (files / "scripts" / "list").write_text("two words\n")
    kept: list[str] = []
    keeping = replace(commands, keep_output=lambda _act, text: kept.append(text))
    command = Command(
        ("scripts/copy.sh", "a b", "$HOME; 'exit' 1", "{files}"),
        host=host,
        files=("scripts/copy.sh", "scripts/list"),
        secrets={"KEY": "env:API_KEY"},
    )
    result = await keeping.perform(act, command)
    folder, arguments, told, *rest = kept[0].splitlines()
    assert result.outcome == "done"
    assert arguments == f"<a b><$HOME; 'exit' 1><{folder}>"
    assert told == "tok-1 13 [secret]"
    assert rest[-1].endswith("two words")
    assert folder != str(files)
    assert not Path(folder).exists(), "nothing is left"  # noqa: ASYNC240
    assert "correct-horse" not in "".join(kept)


async def test_a_command_over_there_ends_with_its_connection(
    commands: Commands, act: ActFacts, tmp_path: Path, host: str
) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 300 & echo $$ $! > {pids}; wait; sleep 300"
    command = Command(("/bin/sh", "-c", script), host=host)
    task = asyncio.create_task(commands.perform(act, command))
    async with asyncio.timeout(10):
        while not pids.exists() or len(pids.read_text().split()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(1):
        while any(int(pid) in processes() for pid in pids.read_text().split()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    look = Means(InDoubt.OBSERVE, command=command, observe=Command(("sh", "-c", "exit 3")))
    assert (await commands.observe(act, look)).outcome == "not_done"


async def test_what_is_missing_over_there_is_told_with_the_host(
    commands: Commands, act: ActFacts, host: str
) -> None:
    with pytest.raises(PermanentError, match="no-such-program on over-there") as caught:
        await commands.perform(act, Command(("no-such-program",), host=host))
    assert caught.value.reference == "command-not-found"


@pytest.mark.parametrize(
    ("script", "kind", "reference"),
    [
        ("echo 'connect: Connection refused' >&2; exit 255", TransientError, "ssh-unreachable"),
        ("echo 'u@h: Permission denied (publickey).' >&2; exit 255", PermanentError, "ssh-refused"),
        ("echo 'python3: command not found' >&2; exit 127", PermanentError, "ssh-no-python"),
        # It lets the guard say `ready`, hears `go`, and then the connection breaks.
        ('printf \'\\036{"says": "ready"}\\n\'; read a; exit 255', LostEnd, "act-in-doubt"),
    ],
)
async def test_a_broken_connection_says_whether_anything_was_begun(
    commands: Commands,
    act: ActFacts,
    client: Callable[[str], None],
    script: str,
    kind: type[PermanentError | TransientError],
    reference: str,
) -> None:
    client(f"#!/bin/sh\n{script}\n")
    with pytest.raises(kind) as caught:
        await commands.perform(act, Command(("true",), host="over-there"))
    assert caught.value.reference == reference
    assert ("nothing was begun" in caught.value.message) == (
        reference[:8] in {"ssh-unre", "ssh-refu"}
    )
    observing = Means(
        InDoubt.OBSERVE,
        command=Command(("true",), host="over-there"),
        observe=Command(("sh", "-c", "exit 3")),
    )
    assert (await commands.observe(act, observing)).outcome == "unknown"


@pytest.mark.parametrize("name", ["-oProxyCommand=evil", "", "two words", "a\nb"])
def test_what_ssh_would_read_as_an_option_is_no_host(name: str) -> None:
    with pytest.raises(InputError):
        ssh.Over(name)


def test_ssh_never_asks_and_its_words_are_quoted() -> None:
    *options, host, words = ssh.Over("u@h").argv(["python3", "-c", "a 'b' $c"])
    assert host == "u@h"
    assert options[-1] == "--"
    assert "BatchMode=yes" in options
    assert shlex.split(words) == ["python3", "-c", "a 'b' $c"]
    assert not any("StrictHostKeyChecking" in word for word in options)
