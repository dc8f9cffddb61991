"""The engine: (run, now) in, facts out. Only it decides; it waits, writes and performs nothing."""
