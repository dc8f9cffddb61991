"""Seeded chance: durations and accidents that depend on what they are about, not on the order.

Used by the simulated platform and the simulated people. Every draw is keyed, so one more draw in
one place changes no other one, and the same seed gives the same weekend.
"""

from __future__ import annotations

import hashlib
import math
from statistics import NormalDist
from typing import Final

from migrator.inventory.model import Estimate

_NORMAL: Final = NormalDist()
_UNIFORM_MIN: Final = 1e-9
"""The inverse of the normal distribution is not defined at zero."""

_Z80: Final = 0.8416212335729143
"""The 80 % quantile of the standard normal distribution."""

_SIGMA_MAX: Final = 1.5
"""A P80 of more than 3.5 times the P50 is taken as that: the tail would fill the weekend."""


class Chance:
    """Keyed random numbers of one seed."""

    def __init__(self, seed: int) -> None:
        """Everything below follows from `seed`."""
        self.seed = seed

    def uniform(self, *key: object) -> float:
        """A number in [0, 1) that belongs to this key."""
        text = "/".join(str(part) for part in (self.seed, *key))
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64

    def integer(self, most: int, *key: object) -> int:
        """A whole number in [0, most)."""
        return int(self.uniform(*key) * most)

    def minutes(self, estimate: Estimate, *key: object) -> float:
        """A log-normal duration in minutes with the estimate's P50 and P80."""
        if estimate.p50 <= 0:
            return 0.0
        ratio = max(estimate.p80, estimate.p50) / estimate.p50
        sigma = min(math.log(ratio) / _Z80, _SIGMA_MAX)
        if sigma == 0:
            return estimate.p50
        normal = _NORMAL.inv_cdf(max(self.uniform("minutes", *key), _UNIFORM_MIN))
        return estimate.p50 * math.exp(sigma * normal)
