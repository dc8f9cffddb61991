"""The legacy side: acts performed by programs (here or over ssh) and by HTTP calls.

Made by `wiring` for live runs; `platform.py` is the way in. No shell ever reads an argument here,
no secret is stored or shown, and no program outlives the conductor that started it.
"""
