"""PostgreSQL databases that move with their data, and bring back what was written on the target.

`move.py` is the way in, one object for each database of a move. Rows travel by the server's own
logical replication, in one direction at a time; nothing here ever deletes a row that may be the
only one. `session.py` is the one door to the driver.
"""
