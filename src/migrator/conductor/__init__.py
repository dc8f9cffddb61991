"""The one async loop that carries out what the engine decides. No business rule lives here."""
