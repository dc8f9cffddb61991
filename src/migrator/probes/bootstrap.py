"""How an agent's bytes come to run: handed over on stdin, checked, and kept in memory only.

Used by `here.py` and `over_ssh.py`. The interpreter is started with a few lines of text, which read
the agent from their input, compare its SHA-256 with the one on their command line and run nothing
else. So what was changed on the way never runs, and nothing is written to the host's disk; only
where the kernel has no files in memory is a private file made, and removed when the agent ends.
"""

from __future__ import annotations

import hashlib
from typing import Final

READY: Final = b"migrator-agent-begins"
"""The first word of ours in the output; a login script may have said something before it."""

NO_PYTHON: Final = "migrator-no-python"
TOO_OLD: Final = "migrator-python-too-old"
CHANGED: Final = "migrator-agent-changed"
CUT: Final = "migrator-agent-cut"
"""What stands first on stderr where the agent was not begun."""

PYTHON_MIN: Final = (3, 9)

# Read by any Python, also one that is too old to run the agent: it must be able to say so.
TEXT: Final = f"""\
import os, sys
if sys.version_info < {PYTHON_MIN}:
    sys.exit("{TOO_OLD} " + sys.version.split()[0])
import atexit, hashlib, runpy, tempfile
wanted, size = sys.argv[1], int(sys.argv[2])
text = b""
while len(text) < size:
    more = os.read(0, size - len(text))
    if not more:
        sys.exit("{CUT} " + str(len(text)))
    text += more
found = hashlib.sha256(text).hexdigest()
if found != wanted:
    sys.exit("{CHANGED} " + found)
try:
    place = "/proc/self/fd/%d" % os.memfd_create("agent")
    open(place, "wb").write(text)
except (AttributeError, OSError):
    handle, place = tempfile.mkstemp(".pyz")
    atexit.register(os.unlink, place)
    os.write(handle, text)
del text, more
sys.argv = [place] + sys.argv[3:]
os.write(1, b"{READY.decode()}\\n")
runpy.run_path(place, run_name="__main__")
"""


def words(python: str, agent: bytes) -> list[str]:
    """The command that waits for these bytes, isolated from whatever that host has set up."""
    digest = hashlib.sha256(agent).hexdigest()
    return [python, "-I", "-B", "-c", TEXT, digest, str(len(agent))]


def why_not_begun(complaint: str) -> str:
    """What our own lines on stderr say, for a person; empty where none of them stands there."""
    for line in complaint.splitlines():
        word, _, said = line.strip().partition(" ")
        if word == NO_PYTHON:
            return f"there is no Python 3.9 or newer ({said})"
        if word == TOO_OLD:
            return f"its Python is {said}, and an agent needs 3.9 or newer"
        if word == CHANGED:
            return f"the agent arrived changed ({said[:12]}) and was not run"
        if word == CUT:
            return f"only {said} bytes of the agent arrived"
    return ""
