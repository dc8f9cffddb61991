"""graph: the estate as a directed graph of subsystems, and what can be read off it.

Pure functions of an Inventory and its Pairs: no I/O, no clock, no chance. networkx is imported
inside functions only and its objects never leave this package; what comes out is frozen. Nodes
are subsystems (hundreds), never components and never links (millions).
"""
