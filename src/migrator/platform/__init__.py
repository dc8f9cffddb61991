"""Where workloads live: adapters that perform the typed acts of a move and tell the truth."""
