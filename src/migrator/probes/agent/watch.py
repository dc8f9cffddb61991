"""The agent's two clocks: one that only goes forward, and the one on the wall.

The agent goes alone to machines where the conductor's clock is not, so this is the one file of it
that looks at a watch. Everything is timed by `now`; `wall` only tells the sender how far the clocks
are apart.
"""

from __future__ import annotations

import time

now = time.monotonic
wall = time.time
