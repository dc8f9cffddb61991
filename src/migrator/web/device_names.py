"""A browser by the name that its owner knows it by: "Firefox, Android"; nothing more is kept.

What a browser says of itself could tell one person's from another's; a list of one's own devices
needs four words of it at most.
"""

from __future__ import annotations

from typing import Final

LOOKED_AT: Final = 400
"""Signs of what a browser says of itself that are read at all."""

# In this order: most browsers claim to be others, too.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


def device_name(said: str) -> str:
    """The browser and the system, as far as they are known; else an empty text."""
    looked = said[:LOOKED_AT]
    browser = next((name for sign, name in _BROWSERS if sign in looked), "")
    system = next((name for sign, name in _SYSTEMS if sign in looked), "")
    return ", ".join(name for name in (browser, system) if name)
