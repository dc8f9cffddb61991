"""migrator: plan, rehearse, carry out and undo the weekend in which an estate changes platform.

Data flows one way and a package imports only what stands before it: the engine decides, the
conductor acts. This file holds the version and nothing else, because every command pays for what
is imported here.
"""

__version__ = "0.1.0"
