"""What the sample estate is made of: catalogue, people, calendar, functions and links.

Called by `importers/sample.py` alone. Everything here follows from a `Size` (how many subsystems,
how many links, which seed): no clock, no environment and no global chance, so that the same
arguments give the same bytes on every machine. The small files need the standard library only;
numpy and pyarrow are needed by the links.
"""
