"""What people read afterwards and hold in their hands: the report, the paper runbook, the brief.

Called by the CLI (and later the web) with an itinerary and journal lines that somebody else has
read; gives back text. `story.py` turns lines into a StoryBook, everything else turns that, or an
itinerary, into words, pages and pictures. Nothing here decides anything about a run, reads a
store, looks at a clock, or shows a figure that is not in what it was given.
"""
