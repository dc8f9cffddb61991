"""How the kernel is compiled: numba where it is installed, plain functions where it is not.

Imported by the kernel's modules and by nobody else. Compiled code is kept in a folder named by the
digest of the kernel's sources: numba itself looks at one file at a time and would take up a caller
whose callee has changed. Nothing here may be loaded in a conductor's process.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final, ParamSpec, TypeVar, cast

import numpy as np

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

KERNEL: Final = (
    "compiled",
    "problem",
    "laying",
    "chance",
    "crews",
    "heap",
    "paper",
    "live",
    "resume",
    "line",
    "seating",
    "handlers",
    "wave",
    "checks",
    "unwind_time",
    "weekend",
    "turn_back",
    "chains",
    "anneal_moves",
    "anneal",
    "anneal_sketch",
)
"""The modules that are compiled, or whose layout the compiled code knows."""


def wide(number: int) -> int:
    """A constant that compiled code takes for any number of its kind.

    A plain one is a type of its own there, and each function that gets it is compiled once more.
    """
    return cast("int", np.int64(number))


ZERO: Final = wide(0)

PLACES: Final = (1 << 40) - 1
"""What is read from an array and is a place in another one is cut to this, which changes nothing:
the code generator knows then that it is not negative, and leaves out Python's count from behind."""


def cache_folder() -> Path:
    """Where compiled code of exactly these sources is kept: in the environment, else temporary."""
    digest = hashlib.sha256()
    for name in KERNEL:
        digest.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    name = f"kernel-{digest.hexdigest()[:16]}"
    inside = Path(sys.prefix) / "var" / "migrator"
    if os.access(inside if inside.is_dir() else Path(sys.prefix), os.W_OK):
        return inside / name
    # The user's number keeps others' files out: compiled code is code.
    return Path(tempfile.gettempdir()) / f"migrator-{os.getuid()}" / name


def _compiler() -> Callable[..., Callable[..., object]] | None:
    """Numba's decorator, looking for compiled code in our folder; None where it is missing."""
    try:
        import numba
    except ImportError:
        return None
    if not os.environ.get("NUMBA_CACHE_DIR"):
        numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]  # set at run time
    decorator: Callable[..., Callable[..., object]] = partial(
        numba.njit,
        cache=True,
        nogil=True,  # two threads can halve a large sample
        error_model="numpy",
        # No array is made in compiled code, so none is counted: counting took four fifths of the
        # time. The option is numba's own for its tests, which is one more reason to pin it.
        _nrt=False,
    )
    return decorator


_DECORATOR: Final = _compiler()

COMPILES: Final = _DECORATOR is not None
"""Without the extra everything works, slowly; serve.py says so."""


def inlined(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Compile a small function into each of its callers.

    A call hands over every array of a problem and a paper, which is hundreds of words.
    """
    if _DECORATOR is None:
        return function
    return cast("Callable[Arguments, Answer]", partial(_DECORATOR, inline="always")(function))


def compiled(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Compile a function at its first call, or take it from the cache."""
    if _DECORATOR is None:
        return function
    return cast("Callable[Arguments, Answer]", _DECORATOR(function))


def embedded(function: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """Compile a function of any length, and let the code generator put it into its callers.

    The few functions through which every wave goes: a call costs a tenth of a microsecond, for the
    same reason, and `inlined` would have the compiler think through each copy of them.
    """
    if _DECORATOR is None:
        return function
    return cast("Callable[Arguments, Answer]", partial(_DECORATOR, forceinline=True)(function))
