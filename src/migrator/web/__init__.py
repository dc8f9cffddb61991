"""Pages and the HTTP API: what handlers, the operations room and deciders see of a run, and do.

A web process keeps nothing of its own: it reads the store, and puts commands on a run's desk like
everybody else. Nothing here decides; several of these processes may stand beside one conductor.
"""
