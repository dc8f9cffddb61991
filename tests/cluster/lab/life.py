"""A lab's beginning and its end.

`up` writes down what it is about to make before it makes it; `down` works from that list, whoever
wrote it and however far they came. Both may be repeated: a lab that runs is not started twice, and
what is gone already is not missed.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from cluster.lab import certificates, ledger, places, settings
from cluster.lab.building import Say, is_built
from cluster.lab.images import IMAGES
from cluster.lab.ledger import Ledger, Process
from cluster.lab.machine import LabFailed, missing_to_start, run
from cluster.lab.parts import OLD_ADDRESS, Lab, holder_of, opened, tools_env, wait_until

READY_SECONDS_MAX: Final = 120
END_SECONDS_MAX: Final = 30
ADDRESS_TO_OLD: Final = "10.78.0.1"


def up(name: str, say: Say, *, stays: bool = True) -> Lab:
    """Start a lab, or find the one of this name that runs.

    One that does not stay is swept away once the calling process is gone.
    """
    reason = missing_to_start() if is_built() else "the lab is not built"
    if reason is not None:
        raise LabFailed(reason)
    with ledger.locked(name):
        found = ledger.read(name)
        if found is not None and found.holder is not None and found.holder.lives:
            return opened(found)
        if found is not None:
            say("clearing up what a lab of this name left behind")
            _remove(found)
        began = time.monotonic()
        lab = opened(_planned(name, stays=stays))
        try:
            _make(lab)
        except BaseException:
            _remove(lab.ledger)
            raise
        say(f"the lab is up after {time.monotonic() - began:.1f} s")
        return lab


def running(name: str) -> Lab | None:
    """The lab of a name, or None where none runs."""
    found = ledger.read(name)
    if found is None or found.holder is None or not found.holder.lives:
        return None
    return opened(found)


def down(name: str) -> bool:
    """End a lab and remove everything that it made; tell whether there was anything."""
    with ledger.locked(name):
        found = ledger.read(name)
        if found is not None:
            _remove(found)
        return found is not None


def sweep() -> list[str]:
    """End the labs that nobody wants any more: their maker is gone, or their first process is."""
    swept = []
    for name in ledger.names():
        with ledger.locked(name):
            found = ledger.read(name)
            if found is not None and not _wanted(found):
                _remove(found)
                swept.append(name)
    return swept


def _wanted(found: Ledger) -> bool:
    made_by_the_living = found.maker is None or found.maker.lives
    return made_by_the_living and found.holder is not None and found.holder.lives


def _planned(name: str, *, stays: bool) -> Ledger:
    token = f"migrator-lab-{name}-{secrets.token_hex(6)}"
    folder = Path(tempfile.gettempdir()) / token
    planned = Ledger(
        name=name,
        token=token,
        folder=folder,
        mounts=(folder / "networks" / "lab", folder / "networks" / "old"),
        control_group=token,
        maker=None if stays else Process.this(),
    )
    planned.write()
    return planned


def _make(lab: Lab) -> None:
    at, kept = lab.folders, lab.ledger
    at.lab.mkdir(mode=0o700)
    (at.lab / "logs").mkdir()
    _networks(*kept.mounts)
    certificates.make(
        at.certificates,
        at.tools / "usr" / "bin" / "openssl",
        tools_env(at.tools),
        api=settings.NODE_ADDRESS,
        node=settings.NODE,
        first_service=settings.FIRST_SERVICE,
    )
    for user in ("admin", "kubelet"):
        text = certificates.kubeconfig(at.certificates, user, settings.API, "lab")
        at.kubeconfig(user).write_text(text, encoding="utf-8")
    for name, text in settings.files(at).items():
        (at.lab / name).parent.mkdir(exist_ok=True)
        (at.lab / name).write_text(text, encoding="utf-8")
    for group in _control_groups(kept.control_group):
        group.mkdir()
        _inherit(group)
    _hold(lab)
    _start(lab)


def _networks(lab: Path, old: Path) -> None:
    """Two networks with one cable between them.

    They have their names in the lab's folder. `ip netns add` would give them names for all, and
    leave a mount behind that nobody could tell from another program's.
    """
    for network in (lab, old):
        network.parent.mkdir(exist_ok=True)
        network.touch()
        run(["unshare", f"--net={network}", "true"])
        _in_network(network, "ip", "link", "set", "lo", "up")
    _in_network(lab, "ip", "address", "add", f"{settings.NODE_ADDRESS}/32", "dev", "lo")
    cable = ["link", "add", "old0", "type", "veth", "peer", "name", "lab0", "netns", str(old)]
    _in_network(lab, "ip", *cable)
    for network, device, address in ((lab, "old0", ADDRESS_TO_OLD), (old, "lab0", OLD_ADDRESS)):
        _in_network(network, "ip", "address", "add", f"{address}/24", "dev", device)
        _in_network(network, "ip", "link", "set", device, "up")
    _in_network(old, "ip", "route", "add", "default", "via", ADDRESS_TO_OLD)
    # The address of a Service must have a route before anything can rewrite it.
    _in_network(lab, "ip", "route", "add", "default", "dev", "old0")
    _in_network(lab, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")


def _in_network(network: Path, *words: str) -> None:
    run(["nsenter", f"--net={network}", *words])


def _hold(lab: Lab) -> None:
    """Start the first process. setsid lets go of it at once, so it is nobody's child."""
    at, kept = lab.folders, lab.ledger
    networks = json.dumps({"lab": str(lab.network("lab")), "old": str(lab.network("old"))})
    holder = [sys.executable, "-I", "-S", places.HERE / "holder.py", kept.token, at.lab, networks]
    # Not `ip netns exec`, which mounts /sys anew and so hides the control groups.
    within = ["nsenter", f"--net={lab.network('lab')}", "unshare", "--mount", "--pid", "--fork"]
    argv = [*within, "--kill-child", "--mount-proc", *holder]
    with (at.lab / "logs" / "holder.log").open("w") as log:
        pid = os.posix_spawn(
            shutil.which("setsid") or "setsid",
            ["setsid", "--fork", *map(str, argv)],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, log.fileno(), 2),
            ],
        )
        os.waitpid(pid, 0)
    socket = at.lab / "holder.sock"
    wait_until(socket.exists, 10, f"the first process does not answer: {lab.last_words('holder')}")
    kept.holder = holder_of(at.lab)
    kept.write()


def _start(lab: Lab) -> None:
    """Start the parts, each as soon as what it needs is there."""
    parts = list(settings.COMMAND_LINES)
    first, others = parts[:3], parts[3:]
    for part in first:
        lab.start(part)
    _import_images(lab)  # meanwhile the API server gets ready
    ready = "kube-apiserver is not ready"
    wait_until(lambda: _says(lab, "ok", "get", "--raw", "/readyz"), READY_SECONDS_MAX, ready)
    for part in others:
        lab.start(part)
    # A namespace's account comes from the controllers, and no pod is admitted without it.
    account = ["get", "serviceaccount", "default", "-o", "name"]
    wait_until(lambda: _says(lab, "", *account), READY_SECONDS_MAX, "the controllers do not work")
    state = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    node = ["get", "node", settings.NODE, "-o", state]
    wait_until(lambda: _says(lab, "True", *node), READY_SECONDS_MAX, "the node is not ready")


def _says(lab: Lab, expected: str, *words: str) -> bool:
    """Whether kubectl answers with a word. A part that has died already ends the waiting."""
    dead = [name for name in lab.ledger.processes if not lab.lives(name)]
    if dead:
        raise LabFailed(f"{dead[0]} ended: {lab.last_words(dead[0])}")
    try:
        return expected in lab.kubectl(*words, seconds_max=10)
    except LabFailed:
        return False


def _import_images(lab: Lab) -> None:
    at = lab.folders
    wait_until(at.containerd_socket.exists, 20, "containerd does not answer")
    ctr: list[str | Path] = [at.tools / "usr" / "bin" / "ctr", "--address", at.containerd_socket]
    for image in IMAGES:
        run(
            [*ctr, "--namespace", "k8s.io", "images", "import", image.file], env=tools_env(at.tools)
        )


def _remove(found: Ledger) -> None:
    """Remove what is on a list, in the order in which one thing lets go of the next."""
    for pid in _first_processes(found):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    still = f"processes of the lab {found.name} do not end"
    wait_until(lambda: not _first_processes(found) and not _grouped(found), END_SECONDS_MAX, still)
    for mount in found.mounts:
        if str(mount) in {point for _, point, _ in _mounts()}:
            run(["umount", mount])
    for group in _control_groups(found.control_group):
        for folder in sorted(group.rglob("*/"), reverse=True):
            folder.rmdir()
        if group.exists():
            group.rmdir()
    # The other mounts went with the lab's mount namespace. Should one be left all the same, nothing
    # may be removed through it.
    left = [line for line in _mounts() if line[1].startswith(f"{found.folder}/")]
    assert left == [], f"mounts of the lab {found.name} are left: {left}"
    if found.folder.exists():
        shutil.rmtree(found.folder)
    found.forget()


def _first_processes(found: Ledger) -> list[int]:
    """The lab's first process and whoever was starting it: the kernel ends all others with it.

    Looked for by the lab's own word instead of by number, because a maker that was killed may not
    have written the number down.
    """
    word = found.token.encode()
    pids = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(FileNotFoundError, ProcessLookupError):
            if word in (entry / "cmdline").read_bytes().split(b"\0"):
                pids.append(int(entry.name))
    return pids


def _grouped(found: Ledger) -> bool:
    """Whether a process is left in the lab's control groups: the dead leave them a little later."""
    return any(
        file.read_text(encoding="utf-8").strip()
        for group in _control_groups(found.control_group)
        for file in group.rglob("cgroup.procs")
    )


def _control_groups(name: str) -> list[Path]:
    """The folder of a control group in every hierarchy that this machine has."""
    kinds = {"cgroup", "cgroup2"}
    return [Path(point, name) for _, point, kind in _mounts() if kind in kinds]


def _inherit(group: Path) -> None:
    """Let a new group use what its parent may: in an old hierarchy it may use nothing at first."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        own = group / name
        if own.exists() and not own.read_text(encoding="utf-8").strip():
            own.write_text((group.parent / name).read_text(encoding="utf-8"), encoding="utf-8")


def _mounts() -> list[tuple[str, str, str]]:
    """What is mounted on this machine: what, where and of which kind."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [(words[0], words[1], words[2]) for words in (line.split() for line in lines)]
