"""The kinds of checks: one file each, one registry. They say and hear bytes and touch no socket.

The agent's loop owns connections, TLS, limits and clocks; a `Talk` is what is said over one
connection. Handshakes only: a check never writes data, and never signs in unless its arguments tell
it how. Standard library of Python 3.9 only, and nothing from outside `probes.agent.wire`.
"""
