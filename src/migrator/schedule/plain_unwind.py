"""Going back, in plain Python: what `unwind_time.py` and `turn_back.py` say, computed anew.

Called by `plain.py` for a wave that failed, and by `run.py` for the turn-back curve without numba.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrator.schedule import live as real
from migrator.schedule import paper as at
from migrator.schedule import problem as of
from migrator.schedule.plain_notes import AGAIN, UNWIND, Played


def unwound(w: Played, members: Iterable[int], t: float, begin: float, nth: int) -> float:
    """When all members are back and verified, begun at `begin` with what had switched by `t`."""
    p = w.p
    queue = sorted(members, key=lambda i: (w.switch[i], i), reverse=True)
    gone = [i for i in queue if w.switch[i] <= t]
    waits = {f: {i for i in gone if f in w.ends(i, of.EXERCISE)} for f in range(len(p.pools))}
    ready = dict.fromkeys(waits, begin)
    back: dict[int, float] = {}
    held: dict[int, list[float]] = {}
    last = begin
    for i in queue:
        length = w.minutes(p.moves[i, of.UNDO_MID], p.moves[i, of.UNDO_SIGMA], UNWIND, i, nth)
        length *= 1 if i in gone else p.moves[i, of.EARLY]
        later = [back[j] for j in w.ends(i, of.NEAR) if j in back] if i in gone else []
        begun = max([begin, *later])
        if p.rules[of.UNWIND_SEATS]:
            begun = w.serve(int(p.ties[i, of.TEAM]), begun, length, held)
        last = max(last, begun + length)
        if i not in gone:
            continue
        back[i] = begun + length * p.moves[i, of.BACK]
        for f in w.ends(i, of.EXERCISE):
            ready[f] = max(ready[f], begun + length)
            waits[f].discard(i)
            if not waits[f]:
                mid, sigma = p.functions[f, of.VERIFY_MID], p.functions[f, of.VERIFY_SIGMA]
                length_f = w.minutes(mid, sigma, AGAIN, f, nth)
                last = max(last, w.serve(int(p.pools[f]), ready[f], length_f, held) + length_f)
    return last


def backs(w: Played, times: Sequence[float], delay: float, nth: int) -> list[float]:
    """When all that is not committed would be back, if somebody said so at each of the times."""
    found = []
    for t in times:
        kept = {i: _committed(w, i) for i in range(len(w.state))}
        going = [i for i in kept if w.state[i] == at.MOVED and w.start[i] <= t < kept[i]]
        found.append(unwound(w, going, t, t + delay, nth))
    return found


def _committed(w: Played, i: int) -> float:
    kept = w.end[i] + w.p.moves[i, of.COMMIT_AFTER]
    if not len(w.live.moves):
        return float(kept)
    return float(min(max(kept, w.now), w.live.moves[i, real.COMMITTED]))
