"""links: millions of links in columns, checked at the door and summed to pairs of subsystems.

This package is the one door to DuckDB. `load` reads links.csv or links.parquet against an
inventory, `pairs` sums links to subsystem pairs with integer weights, `drill` looks at single
links again. DuckDB is imported inside functions only, because `migrator --help` and the conductor
must never pay for it, and a link never becomes a Python object on a hot path.
"""
