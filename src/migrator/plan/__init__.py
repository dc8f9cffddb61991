"""The plan as a document: its data, its text, its lint, what a change costs, what a run needs."""
