"""The far end of the agent's benchmark: a network of its own, servers in it, and the agent's run.

Everything happens in a network namespace that has loopback and nothing else, so that a listener on
every address is on loopback addresses only and no other machine can be meant. TLS servers are
Python's; all others, and the plain epoll loop that the agent is measured against, are one C program
that is compiled when it is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from migrator.probes.packing import packed_agent

HERE: Final = Path(__file__).parent
INSIDE: Final = "PROBE_AGENT_INSIDE"


def in_a_network_of_its_own() -> None:
    """Start this program once more in a new network namespace, unless it is in one."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)  # noqa: S607 - wherever it is
        return
    words = ["unshare", "--map-root-user", "--net", sys.executable, *sys.argv]
    os.execvpe("unshare", words, {**os.environ, INSIDE: "1"})  # noqa: S606, S607 - the same


def compiled(folder: Path) -> Path:
    """The C program."""
    program = folder / "connect_loop"
    words = ["gcc", "-O2", "-o", str(program), str(HERE / "_connect_loop.c")]
    subprocess.run(words, check=True)
    return program


@contextlib.contextmanager
def serving(program: Path, *specs: str) -> Iterator[None]:
    """The C program's servers, for as long as the block lasts."""
    words = [str(program), "serve", *specs]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == b"ready\n"
        yield
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


@contextlib.contextmanager
def serving_tls(folder: Path, **ports: int) -> Iterator[None]:
    """TLS servers in a process of their own: certificate's name to port."""
    words = [sys.executable, str(HERE / "_far_end.py"), str(folder)]
    words += [f"{name}={port}" for name, port in ports.items()]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        assert server.stdout.readline() == b"ready\n"
        yield
    finally:
        server.stdin.close()
        server.wait()
        server.stdout.close()


@dataclass
class Run:
    """What one run of the agent came to."""

    seconds: float
    end: dict[str, object]
    memory_mb: float = 0.0  # the most that all its processes had in memory together
    words: Counter[str] = field(default_factory=Counter)


Judge = Callable[[dict[str, object]], str]


def run_agent(
    folder: Path, caps: dict[str, float], looks: Iterable[str], judge: Judge | None = None
) -> Run:
    """Run the packed agent on these lines, and sort its results by `judge`, or by their words."""
    packed = packed_agent()
    agent, batch, results = (folder / name for name in ("agent.pyz", "batch", "results"))
    agent.write_bytes(packed.data)
    header = {
        "version": 1,
        "digest": packed.digest,
        "clock": time.time(),
        "seconds": 1500,
        "allow": ["127.0.0.0/8"],
        "caps": caps,
    }
    with batch.open("w") as file:
        file.write(json.dumps(header) + "\n")
        file.writelines(looks)
        file.write("\n")
    with batch.open("rb") as source, results.open("wb") as sink:
        began = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-I", str(agent)], stdin=source, stdout=sink)
        most = [0.0]
        watching = threading.Thread(target=watch_memory, args=(process, most))
        watching.start()
        code = process.wait()
        seconds = time.perf_counter() - began
        watching.join()
    assert code == 0, code
    words: Counter[str] = Counter()
    end: dict[str, object] = {}
    with results.open("rb") as lines:
        for line in lines:
            if judge is None and line.startswith(b'{"id"'):
                # Only how many there are of each word: a batch of a million is read in no time.
                words[line.split(b'"word":"', 1)[1].split(b'"', 1)[0].decode()] += 1
                continue
            found = json.loads(line)
            if "word" in found:
                assert judge is not None
                words[judge(found)] += 1
            elif "end" in found:
                end = found
    assert end.get("end"), "the answer was cut"
    batch.unlink()
    results.unlink()
    return Run(seconds, end, most[0], words)


def watch_memory(process: subprocess.Popen[bytes], most: list[float]) -> None:
    """Add up what the agent's processes have in memory, ten times a second."""
    while process.poll() is None:
        with contextlib.suppress(OSError, ValueError, IndexError):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            pages = sum(
                int(Path(f"/proc/{pid}/statm").read_text().split()[1])
                for pid in [str(process.pid), *children]
            )
            most[0] = max(most[0], pages * os.sysconf("SC_PAGE_SIZE") / 1e6)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.1)


def make_certificates(folder: Path) -> None:
    """An authority, a good certificate of it, and one that is expired."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", "ca.key", "-out", "ca.crt", "-days", "30", "-subj", "/CN=Authority")
    openssl(folder, "req", "-x509", *curve, *files)
    for name, days in (("good", "30"), ("expired", "0")):
        wish = ("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl(folder, "req", *curve, *wish)
        (folder / "names").write_text("subjectAltName=DNS:server.test\n")
        by = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names")
        made = ("-in", f"{name}.csr", "-out", f"{name}.crt", "-days", days)
        openssl(folder, "x509", "-req", *made, *by)


def openssl(folder: Path, *words: str) -> None:
    """Run it."""
    program = shutil.which("openssl")
    assert program is not None
    subprocess.run([program, *words], cwd=folder, check=True, capture_output=True)


async def serve_tls(folder: Path, ports: dict[str, int]) -> None:
    """Shake hands until stdin ends."""

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ssl.SSLError):
            await reader.read(1)
            writer.close()

    def nothing(_: object, __: dict[str, object]) -> None:
        """A client that does not trust the certificate is what this is for."""

    asyncio.get_running_loop().set_exception_handler(nothing)
    for name, port in ports.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
        await asyncio.start_server(attend, "0.0.0.0", port, ssl=context, backlog=4096)  # noqa: S104
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asked = dict(word.split("=") for word in sys.argv[2:])
    asyncio.run(serve_tls(Path(sys.argv[1]), {name: int(port) for name, port in asked.items()}))
