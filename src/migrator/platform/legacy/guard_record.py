"""The guards' records: which process performed which act, and the proof that it is gone.

Part of the guard's program (`guard.py`), which travels to other hosts: standard library and
Python 3.6 only. For every act there is a lock, held while a guard lives, and a record that names
the processes by number and start time. Absence of proof must never be taken for a proof.
"""

# ruff: noqa: PTH103, PTH105, PTH108, PTH111, PTH115, PTH118
# ruff: noqa: PTH123, PTH208 - pathlib costs every act the time to import it

import contextlib
import fcntl
import json
import os
import select

TICK_SECONDS = 0.02
RECORD_MARK = "MIGRATOR_GUARD"


class RefusedHereError(Exception):
    """Nothing was begun: `why` is a word that the conductor knows, `text` is for people."""

    def __init__(self, why: str, text: str) -> None:
        super().__init__(text)
        self.why = why
        self.text = text


def processes() -> "dict[int, tuple[str, int, int, int]]":
    """Every process: state, parent, session, start time. Empty where there is no /proc."""
    found = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return {}
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open("/proc/" + name + "/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # ended in between
        found[int(name)] = (fields[0].decode(), int(fields[1]), int(fields[3]), int(fields[19]))
    return found


def marked(key: str) -> "list[int]":
    """Processes of this user whose mark, in their environment, begins with `key`."""
    needle = (RECORD_MARK + "=" + key).encode()
    found = []
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) != os.getpid():
                with contextlib.suppress(OSError), open("/proc/" + name + "/environ", "rb") as file:
                    if any(word.startswith(needle) for word in file.read().split(b"\0")):
                        found.append(int(name))
    return found


def here() -> "dict[str, str]":
    """Machine, boot and process namespace: numbers mean nothing outside of them."""
    boot = machine = namespace = ""
    with contextlib.suppress(OSError):
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        namespace = os.readlink("/proc/self/ns/pid")
    with contextlib.suppress(OSError), open("/etc/machine-id", encoding="ascii") as file:
        machine = file.read().strip()
    return {"boot": boot, "machine": os.uname().nodename + "/" + machine, "namespace": namespace}


def session_of(
    leader: int, start: int, alive: "dict[int, tuple[str, int, int, int]]"
) -> "list[int]":
    """The living members of a session, if it is still the one that we mean."""
    if leader in alive and alive[leader][3] != start:
        return []  # the number was given to somebody else, so nobody of ours is left
    return [pid for pid, (state, _, sid, _) in alive.items() if sid == leader and state != "Z"]


def offspring(alive: "dict[int, tuple[str, int, int, int]]") -> "list[int]":
    """Every living process below this one, also those that made a session of their own."""
    below = {os.getpid()}
    grown = True
    while grown:
        more = {pid for pid, words in alive.items() if words[1] in below} - below
        below |= more
        grown = bool(more)
    return [pid for pid in below - {os.getpid()} if alive[pid][0] != "Z"]


class Record:
    """The lock and the records of one act in the guards' folder."""

    def __init__(self, task: "dict[str, object]") -> None:
        folder = str(task["folder"]) or os.path.join(
            os.path.expanduser("~"), ".local", "state", "migrator", "guards"
        )
        self.key = str(task["key"])
        self.epoch = int(str(task["epoch"]))
        self.fence = os.path.join(folder, str(task["run_key"]) + ".fence")
        self.stem = os.path.join(folder, self.key)
        own = f"{os.getpid()}-{os.urandom(4).hex()}"
        self.path = self.stem + "." + own + ".json"
        self.files = os.path.join(folder, "files-" + own)
        try:
            os.makedirs(folder, 0o700, exist_ok=True)
            # One byte in a folder of our own: a lock dies with its process, whatever kills it.
            self.lock = os.open(self.stem + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.fence_lock = os.open(
                self.fence + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise RefusedHereError("folder", f"{folder}: {error.strerror}") from error
        self.words: dict[str, object] = {"guard": None, "group": None, "ended": None}
        self.words.update(here())
        self.words.update({name: task[name] for name in ("move", "act", "attempt", "token")})

    def prove_and_take(self, settle_seconds: float) -> None:
        """Prove that no earlier try still runs, within a settle time; then the act is ours."""
        why = ""
        for _ in range(max(1, int(settle_seconds / TICK_SECONDS))):
            try:
                fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                why = "an earlier try of this act still has its guard"
            else:
                why = self.still_there()
                if not why:
                    break
                fcntl.flock(self.lock, fcntl.LOCK_UN)
            if select.select([0], [], [], TICK_SECONDS)[0] and not os.read(0, 1):
                raise SystemExit(0)  # the conductor is gone before anything was begun
        if why:
            raise RefusedHereError("alive", why)
        self.take_epoch()
        for path in self.earlier():
            os.unlink(path)

    def earlier(self) -> "list[str]":
        """The records that earlier guards of this act left."""
        folder, stem = os.path.split(self.stem)
        return [
            os.path.join(folder, name)
            for name in sorted(os.listdir(folder))
            if name.startswith(stem + ".") and name.endswith(".json")
        ]

    def still_there(self) -> str:
        """Say which process of an earlier try may still run; empty when all are proved gone."""
        alive = processes()
        for path in self.earlier():
            with open(path, encoding="ascii") as file:
                record = json.load(file)
            if record["ended"]:
                continue
            if record["machine"] != self.words["machine"]:
                return "an earlier try was begun on {}".format(record["machine"])
            if record["boot"] != self.words["boot"]:
                continue  # the machine was started anew since then
            if record["namespace"] != self.words["namespace"]:
                return "an earlier try cannot be seen from here"
            pid, start = record["guard"]
            if alive.get(pid, ("Z", 0, 0, 0))[0] != "Z" and alive[pid][3] == start:
                return f"the guard {pid} of an earlier try still runs"
            if record["group"]:
                left = session_of(record["group"][0], record["group"][1], alive)
                if left:
                    return f"process {left[0]} of an earlier try still runs"
            left = marked(self.key + ".")
            if left:
                return f"process {left[0]} of an earlier try still runs"
        return ""

    def take_epoch(self) -> None:
        """Refuse to serve a conductor that another one has followed; else raise the fence."""
        fcntl.flock(self.fence_lock, fcntl.LOCK_EX)
        try:
            seen = 0
            with contextlib.suppress(FileNotFoundError, ValueError), open(self.fence) as file:
                seen = int(file.read())
            if seen > self.epoch:
                raise RefusedHereError("fenced", f"epoch {seen} has followed")
            if seen < self.epoch:
                with open(self.fence + ".new", "w") as file:
                    file.write(str(self.epoch))
                os.replace(self.fence + ".new", self.fence)
        finally:
            fcntl.flock(self.fence_lock, fcntl.LOCK_UN)

    def write(self, **words: object) -> None:
        """Put the record in place in one go."""
        self.words.update(words)
        with open(self.path + ".new", "w", encoding="ascii") as file:
            json.dump(self.words, file)
        os.replace(self.path + ".new", self.path)

    def release(self) -> None:
        """Let the next guard of this act begin."""
        fcntl.flock(self.lock, fcntl.LOCK_UN)
