"""planner: from the inventory and its pair weights to a plan that honours everything hard.

`build.py` is the entry (make_plan). `rules.py` says what must go together, `problem.py` turns the
estate into plain numbers, `decode.py` turns an order into a schedule, `waves.py` says how many
waves and who may be first, `search.py` lowers the exposure, `capacity.py` says what binds when
there is no plan, `explain.py` answers "why then?". Pure: no clock, no files, no global chance;
the same input, seed and number of evaluations give the same plan, byte for byte.
"""
