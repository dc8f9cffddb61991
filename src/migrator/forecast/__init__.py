"""Plan and progress to time: when things end, how likely, and until when one may still turn back.

Pure: the process that simulates weekends is asked by whoever calls (wiring/forecasting.py), and
its arrays come in as arguments.
"""
