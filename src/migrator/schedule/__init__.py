"""The compiled kernel: an order of moves becomes a weekend, and many sampled weekends, in arrays.

Called by `planner/` and `forecast/`, through a process of its own (serve.py), so that nobody else
ever loads the compiler. Arrays in, arrays out: nothing here knows an id, a file or a clock.
"""
