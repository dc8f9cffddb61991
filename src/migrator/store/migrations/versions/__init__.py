"""One module for each version of the tables; Alembic reads them by their path."""
