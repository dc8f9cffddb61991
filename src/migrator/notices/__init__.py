"""Being called: who must be told of what now, by which channel, and what became of it.

The pure half (`things`, `escalation`, `book`) says what is due; the other half (`mail`, `webhook`,
`folder`, `caller`) carries it out, in threads of its own. Joined with a run by `wiring/calling.py`.
"""
