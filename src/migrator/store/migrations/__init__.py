"""The steps from one version of the tables to the next, in the order that Alembic finds.

`migrate.py` walks them. A step is never changed once it was released: stores were carried over by
it. Each one is named by the version that it leads to, and works on SQLite and on PostgreSQL.
"""
