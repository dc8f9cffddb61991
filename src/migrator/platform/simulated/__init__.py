"""A platform that is made up, with a world of its own, for rehearsals, dry runs and training.

It says of itself that it is simulated, passes the same contract suite as the real ones, and keeps
a ledger by which tests judge what was lost, doubled or live on both sides.
"""
