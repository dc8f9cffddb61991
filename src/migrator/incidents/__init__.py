"""Disturbances: what one is, when a yellow one becomes red, and how the estate stands. Pure.

Used by the engine, which turns the answers into facts, and by the screens, which show them. Nothing
in here changes a disturbance, knows a run or looks at a watch.
"""
