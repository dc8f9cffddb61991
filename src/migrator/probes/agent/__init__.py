"""The agent: reads a batch of looks, looks, and writes what it saw as it sees it.

It runs on hosts and in pods that know nothing of migrator. Standard library of Python 3.9 only.
"""
