"""The pictures of a plan, a run and a forecast: SVG, the table behind each, and a page of them.

Called by `reports/html.py` for the report of a run and by the command line for files of their own.
A picture is drawn from data alone: nothing here reads a file, simulates a weekend or decides
anything, and nothing is drawn that its table does not hold.
"""
