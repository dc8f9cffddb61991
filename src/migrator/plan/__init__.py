"""The plan as a document: its data, its text, its lint, what a change costs, and what a run needs of it."""
