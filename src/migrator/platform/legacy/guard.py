"""The guard: runs one command, and ends it with all its offspring when the conductor is gone.

A program of its own, started by `guarding.py` here or over ssh on another host: its source and
that of `guard_record` and `guard_voice` are sent along and put in place under their own names.
Standard library and Python 3.6 only. The task and then `go` come in on stdin, what happens goes
out on stdout. Stdin is the lifeline: its end means that the conductor, or the connection, is
gone, and the command goes with it. Without a proof that every earlier try of the act is gone, and
without `go`, it must never start anything.
"""

# ruff: noqa: PTH101, PTH103, PTH106, PTH108, PTH111, PTH112, PTH113, PTH118
# ruff: noqa: PTH120, PTH123 - pathlib costs every act the time to import it

import base64
import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import subprocess

from migrator.platform.legacy.guard_record import (
    RECORD_MARK,
    TICK_SECONDS,
    Record,
    RefusedHereError,
    offspring,
    processes,
    session_of,
)
from migrator.platform.legacy.guard_voice import HELD_BACK_MAX, Kept, Voice, read_line

CHUNK = 1 << 20
LINGER_SECONDS_MAX = 0.5  # what stays in the background may still flush its last words
DRAIN_READS_MAX = 256
FILES_MARK = "\0files\0"

PASSED_ON = ("PATH", "HOME", "LANG")  # of our own environment

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    """Ask the Linux kernel for a favour; elsewhere the lifeline alone has to do."""
    try:
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        return


def as_bytes(text: str) -> bytes:
    """The text in UTF-8, whatever language this machine speaks."""
    return text.encode("utf-8", "surrogateescape")


def program(argv: "list[str]", cwd: str, path: str) -> str:
    """The file that the command's first word means, or the reason why there is none."""
    word = argv[0]
    if not os.path.isdir(cwd):
        raise RefusedHereError("missing-folder", cwd)
    if "/" in word:
        places = [os.path.join(cwd, word)]
    else:
        places = [os.path.join(folder, word) for folder in path.split(os.pathsep) if folder]
    there = [place for place in places if os.path.isfile(place)]
    if not there:
        raise RefusedHereError("missing-program", word)
    for place in there:
        if os.access(place, os.X_OK):
            return place
    raise RefusedHereError("not-executable", there[0])


class Guard:
    """One command under guard, from its start to the proof that nothing of it is left."""

    def __init__(self, task: "dict[str, object]", voice: Voice, record: Record) -> None:
        self.task = task
        self.voice = voice
        self.record = record
        self.kept = Kept(int(str(task["output_max"])))
        self.grace = float(str(task["grace_seconds"]))
        self.silence = float(str(task["silence_seconds"]))
        self.cut = ""  # why the command must end
        self.phase = "run"  # run, linger, term, kill
        self.alarm = False
        self.ended_behind = 0
        self.status: int | None = None
        self.pid = 0
        self.out = -1

    def start(self) -> None:
        """Start the command in a session of its own; it dies with us even by SIGKILL."""
        files = self.task["files"]
        argv, cwd = self.task["argv"], str(self.task["cwd"])
        assert isinstance(argv, list)
        env = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        for name in ("environment", "secrets"):
            words = self.task[name]
            assert isinstance(words, dict)
            env.update(words)
        if isinstance(files, dict):
            try:
                self.lay_out(files)
            except OSError as error:
                raise RefusedHereError("files", f"{self.record.files}: {error.strerror}") from error
        argv = [str(word).replace(FILES_MARK, self.record.files) for word in argv]
        cwd = cwd.replace(FILES_MARK, self.record.files) or os.path.expanduser("~")
        env = {name: str(v).replace(FILES_MARK, self.record.files) for name, v in env.items()}
        env[RECORD_MARK] = f"{self.record.key}.{self.task['mark']}"
        path = program(argv, cwd, env.get("PATH", os.defpath))
        self.out, inside = os.pipe()
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(self.out, 1031, CHUNK)  # F_SETPIPE_SZ: fewer wake-ups for much output
        me = os.getpid()

        def dies_with_us() -> None:
            prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != me:
                os._exit(1)

        try:
            child = subprocess.Popen(  # noqa: S603 - a list of arguments that the plan declares
                [as_bytes(word) for word in argv],
                executable=path,
                cwd=cwd,
                env={as_bytes(name): as_bytes(text) for name, text in env.items()},
                stdin=subprocess.DEVNULL,
                stdout=inside,
                stderr=inside,
                start_new_session=True,
                preexec_fn=dies_with_us,  # noqa: PLW1509 - this program has one thread
            )
        except OSError as error:
            broken = error.errno in {errno.ENOENT, errno.ENOEXEC, errno.EACCES}
            why = "not-executable" if broken else "not-started"
            raise RefusedHereError(why, f"{path}: {error.strerror}") from error
        finally:
            os.close(inside)
        self.pid = child.pid
        child.returncode = 0  # from here on the waiting is ours
        start = processes().get(self.pid, ("", 0, 0, 0))[3]
        self.record.write(group=[self.pid, start])

    def lay_out(self, files: "dict[str, list[object]]") -> None:
        """Write the pinned files that came with the task into a folder of this try alone."""
        for name, (mode, text) in files.items():
            path = os.path.join(self.record.files, name)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            with open(path, "wb") as file:
                file.write(base64.b64decode(str(text)))
            os.chmod(path, int(str(mode)))
        os.makedirs(self.record.files, 0o700, exist_ok=True)

    def tidy(self) -> None:
        """Take the laid-out files away again."""
        for folder, _, names in os.walk(self.record.files, topdown=False):
            with contextlib.suppress(OSError):
                for name in names:
                    os.unlink(os.path.join(folder, name))
                os.rmdir(folder)

    def watch(self, wake: int) -> None:
        """Serve the command, the conductor and the signals until nothing of the command is left."""
        poll = select.poll()
        for number in (0, self.out, wake):
            poll.register(number, select.POLLIN)
        os.set_blocking(self.out, False)
        self.arm(self.silence)
        while not self.over():
            waits = self.phase != "run" or self.voice.waiting
            for number, _ in poll.poll(TICK_SECONDS * 1000 if waits else None):
                if number == wake:
                    os.read(wake, 512)
                elif number == self.out:
                    if not self.read():
                        poll.unregister(self.out)
                elif not self.heard():
                    poll.unregister(0)
            self.voice.flush()
        self.arm(0)
        os.waitpid(self.pid, 0)  # not before: while it lay there its number was nobody else's
        for _ in range(DRAIN_READS_MAX):
            if not self.read():
                break

    def heard(self) -> bool:
        """Read the lifeline: anything is a sign of life, its end is the end."""
        try:
            alive = bool(os.read(0, 4096))
        except OSError:
            alive = False
        if not alive:
            self.cut = self.cut or "the conductor is gone or wants no more of it"
        elif self.phase == "run":
            self.arm(self.silence)
        return alive

    def read(self) -> bool:
        """Take what the command has printed; False when there is no more."""
        try:
            chunk = os.read(self.out, CHUNK)
        except BlockingIOError:
            return self.status is None  # asked again in the drain: there is nothing now
        for share, text in self.kept.progress(chunk):
            if len(self.voice.waiting) < HELD_BACK_MAX:
                self.voice.say(says="progress", share=share, text=text)
        self.kept.add(chunk)
        return bool(chunk)

    def arm(self, seconds: float) -> None:
        """Set the one alarm clock: for silence while it runs, for patience while it ends."""
        self.alarm = False
        signal.setitimer(signal.ITIMER_REAL, seconds)

    def over(self) -> bool:
        """Move on from running to ended; True when no process is left that must not be."""
        if self.alarm and self.phase == "run":
            self.cut = self.cut or "nothing was heard from the conductor"
        if self.status is None:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                killed = ended.si_code != os.CLD_EXITED
                self.status = -ended.si_status if killed else ended.si_status
        if self.phase == "run" and self.status is None and not self.cut:
            return False
        alive = processes()
        mine = session_of(self.pid, alive.get(self.pid, ("", 0, 0, 0))[3], alive)
        if self.cut:
            mine = sorted({*mine, *offspring(alive)})
        self.bury(alive)
        if not mine:
            return self.status is not None
        if self.phase == "run" and not self.cut:
            self.phase = "linger"
            self.arm(min(LINGER_SECONDS_MAX, self.grace))
        elif self.phase == "run" or (self.phase == "linger" and (self.alarm or self.cut)):
            self.ended_behind = len(mine) if self.status is not None else 0
            self.send(signal.SIGTERM, mine)
            self.phase = "term"
            self.arm(self.grace)
        elif self.phase == "kill" or (self.phase == "term" and self.alarm):
            self.phase = "kill"
            self.send(signal.SIGKILL, mine)
        return False

    def send(self, number: int, mine: "list[int]") -> None:
        """Signal every process at once; whoever is gone already is gone."""
        for pid in mine:
            with contextlib.suppress(OSError):
                os.kill(pid, number)
        if number == signal.SIGTERM:
            for pid in mine:  # a stopped process hears SIGTERM only when it goes on
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGCONT)

    def bury(self, alive: "dict[int, tuple[str, int, int, int]]") -> None:
        """Wait for orphans that ended under us; the command itself stays until the very end."""
        for pid, (state, parent, _, _) in alive.items():
            if state == "Z" and parent == os.getpid() and pid != self.pid:
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)


def serve(task: "dict[str, object]", voice: Voice) -> None:
    """Do the task, or say why nothing was begun."""
    parent = int(str(task["parent"]))
    if not processes():
        raise RefusedHereError("no-proc", os.uname().sysname)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    record = Record(task)
    guard = Guard(task, voice, record)

    def ask_to_end(_number: int, _frame: object) -> None:
        guard.cut = guard.cut or "the guard was told to end"

    def ring(_number: int, _frame: object) -> None:
        guard.alarm = True

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, ask_to_end)
    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    if parent:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            return  # it died before we asked to be told
    record.prove_and_take(float(str(task["settle_seconds"])))
    if not task["argv"]:
        raise RefusedHereError("proved", "no earlier try runs here")
    me = os.getpid()
    record.write(guard=[me, processes().get(me, ("", 0, 0, 0))[3]])
    voice.say(says="ready")
    # A connection that is cut now is not noticed by itself, and the lock is ours.
    heard = not guard.silence or select.select([0], [], [], guard.silence)[0]
    if not heard or not read_line() or guard.cut:
        record.write(ended={"exit": None, "cut": "never begun"})
        return
    try:
        guard.start()
    except RefusedHereError as error:
        record.write(ended={"exit": None, "cut": error.why})
        raise
    else:
        guard.watch(awake)
        record.write(ended={"exit": guard.status, "cut": guard.cut})
    finally:
        guard.tidy()
        record.release()
    kept = guard.kept
    voice.say(
        says="ended",
        exit=guard.status,
        cut=guard.cut,
        head=base64.b64encode(bytes(kept.head)).decode("ascii"),
        tail=base64.b64encode(kept.tail).decode("ascii"),
        left_out=kept.left_out,
        ended_behind=guard.ended_behind,
    )


def main() -> int:
    """Read the task, serve it, say the last word."""
    line = read_line()
    if not line:
        return 0
    voice = Voice()
    try:
        serve(json.loads(line.decode("utf-8")), voice)
    except RefusedHereError as error:
        voice.say(says="refused", why=error.why, text=error.text)
    voice.finish()
    return 0
