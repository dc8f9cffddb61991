"""Keyed chance: a draw belongs to what it is about, whatever was drawn before it.

Called by `checks.py`, `resume.py`, `turn_back.py`, `wave.py` and `weekend.py`. The same seed,
sample and key give the same number in every order of the moves, so two plans meet the same weekends
(common random numbers).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from migrator.schedule.compiled import compiled, wide

MOVE: Final = wide(1)
VERIFY: Final = wide(2)
UNWIND: Final = wide(3)
FAILURE: Final = wide(4)
SHOCK: Final = wide(5)
AGAIN: Final = wide(6)  # verifying on the old side, after an unwind
INCIDENT: Final = wide(7)
INCIDENT_MINUTES: Final = wide(8)

_ROOT_HALF: Final = math.sqrt(0.5)
_SURELY_OVER: Final = 1e-290
"""Below it the tail has no logarithm; who has taken that long is taken to end now."""

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio: an even walk
_MIX_ONE: Final = np.uint64(0xBF58476D1CE4E5B9)  # the multipliers of the splitmix64 generator
_MIX_TWO: Final = np.uint64(0x94D049BB133111EB)
_S30: Final = np.uint64(30)
_S27: Final = np.uint64(27)
_S31: Final = np.uint64(31)
_S11: Final = np.uint64(11)


@compiled
def mixed(word: np.uint64) -> np.uint64:
    """Spread every bit of a word over all bits."""
    word = (word ^ (word >> _S30)) * _MIX_ONE
    word = (word ^ (word >> _S27)) * _MIX_TWO
    return word ^ (word >> _S31)


@compiled
def root(seed: int, sample: int) -> np.uint64:
    """Where the draws of one sampled weekend begin."""
    return mixed(np.uint64(sample) * _STEP + mixed(np.uint64(seed) + _STEP))


@compiled
def uniform(start: np.uint64, kind: int, index: int, nth: int) -> float:
    """A number between 0 and 1, neither of them."""
    key = np.uint64((nth << 48) + (kind << 40) + index)
    word = mixed(start + (key + np.uint64(1)) * _STEP)
    return (np.float64(word >> _S11) + 0.5) * (1.0 / 9007199254740992.0)


@compiled
def normal(start: np.uint64, kind: int, index: int, nth: int) -> float:
    """A standard normal number, by the inverse of its distribution."""
    return quantile(uniform(start, kind, index, nth))


@compiled
def quantile(p: float) -> float:
    """The inverse of the normal distribution, to 1e-9 of its value (Acklam's rational form)."""
    if p < 0.02425:
        return _tail(math.sqrt(-2.0 * math.log(p)))
    if p > 0.97575:
        return -_tail(math.sqrt(-2.0 * math.log(1.0 - p)))
    q = p - 0.5
    r = q * q
    top = -39.69683028665376 * r + 220.9460984245205
    top = ((top * r - 275.9285104469687) * r + 138.3577518672690) * r - 30.66479806614716
    top = (top * r + 2.506628277459239) * q
    low = -54.47609879822406 * r + 161.5858368580409
    low = ((low * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572
    return top / (low * r + 1.0)


@compiled
def _tail(q: float) -> float:
    top = ((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q
    top = ((top - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783
    low = ((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q
    return top / ((low + 3.754408661907416) * q + 1.0)


@compiled
def minutes(mid: float, sigma: float, factor: float, z: float) -> float:
    """A log-normal duration; without deviation exactly its P50, times the weekend's factor."""
    if sigma == 0.0:
        return mid * factor
    return mid * factor * math.exp(sigma * z)


@compiled
def longer(length: float, typical: float, sigma: float, elapsed: float) -> float:
    """The draw of a log-normal duration once it is known to be longer than `elapsed`.

    Exact, by the inverse of the distribution that is cut off: with Q the upper tail of the normal
    distribution, z = ln(length / typical) / sigma the draw that there was and e the same of
    `elapsed`, the new draw z' has Q(z') = Q(z) Q(e). So a longer draw stays longer, nothing is
    drawn anew, and where nothing has elapsed the draw stays what it was.
    """
    if elapsed <= 0.0 or length <= 0.0 or sigma == 0.0:
        return max(length, elapsed)
    upper = _upper(math.log(length / typical) / sigma) * _upper(math.log(elapsed / typical) / sigma)
    if upper < _SURELY_OVER:
        return elapsed
    return max(elapsed, typical * math.exp(-sigma * quantile(upper)))


@compiled
def _upper(z: float) -> float:
    """How likely a standard normal number is to be larger."""
    return 0.5 * math.erfc(z * _ROOT_HALF)
