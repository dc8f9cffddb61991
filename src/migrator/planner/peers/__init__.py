"""What a plan is compared with: orders that people and other tools would take, done properly.

`orders.py` has the classic ones, the `azure*.py` modules what Azure Migrate's pages say of its
automatic wave planning, `compare.py` the best of some tries of each. All of them get the estate,
the limits and the decoder that our own plans get; none of them ever makes a plan that somebody
carries out, and nothing here is tuned against them: where a rule leaves something open, the choice
that is kindest to the peer is taken.
"""
