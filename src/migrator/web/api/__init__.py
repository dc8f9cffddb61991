"""The HTTP API of a run: everything that the pages show and do, for programs.

`app.py` makes it, and `web/app.py` mounts it under /api/v1. Who may see and do what is said by
`web/visitors.py`, as for pages; what a command leads to, by the engine. Nothing is decided here,
and nothing is kept but what has not been told to the run yet (`store/intake.py`).
"""
