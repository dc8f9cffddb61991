"""Look at links from where they are used, and judge what was seen against the baseline.

`agent` and `checks` go to other machines, so they use the standard library of Python 3.9 and no
other; the rest plans sweeps, carries them out and judges them here.
"""
