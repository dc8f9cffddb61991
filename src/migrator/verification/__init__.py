"""The case handlers' part, as pure rules: who gets a check and what a verdict means.

Called by the engine. No I/O, no clock: `now` and what people are doing are arguments.
"""
