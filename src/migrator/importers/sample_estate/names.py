"""Made-up people: common Swedish names put together by chance, and telephone numbers of nobody.

Called by `people.py`. A first name and a last name from lists of common ones may by chance be
somebody's; no real person is meant. The numbers come from two of the series that the Swedish
regulator keeps free for books and films: 070-174 06 05 to 070-174 06 99, and 08-465 004 00 to
08-465 004 99. They are 195; an estate with more people than that uses them several times.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST: Final = _words("""
    Anna Eva Maria Karin Sara Lena Kerstin Emma Ingrid Marie Birgitta Malin Jenny Annika Ulla
    Elin Susanne Monica Johanna Linda Elisabeth Hanna Sofia Helena Ida Julia Carina Inger Frida
    Amina Fatima Leila Lars Mikael Anders Johan Erik Per Karl Peter Thomas Jan Daniel Fredrik
    Andreas Hans Stefan Mats Marcus Mattias Magnus Bengt Jonas Niklas Bo Martin Oskar Leif
    Viktor Emil Björn Patrik Åke Göran Håkan Ali Ahmed Simon
""")
_LAST: Final = _words("""
    Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson Svensson Gustafsson
    Pettersson Jonsson Jansson Hansson Bengtsson Jönsson Lindberg Jakobsson Magnusson Olofsson
    Lindström Lindqvist Lindgren Axelsson Berg Bergström Lundberg Lind Lundgren Lundqvist
    Mattsson Berglund Fredriksson Sandberg Henriksson Forsberg Sjöberg Wallin Engström Eklund
    Danielsson Lundin Håkansson Björk Bergman Gunnarsson Holm Wikström Samuelsson Isaksson
    Fransson Bergqvist Nyström Holmberg Arvidsson Löfgren Söderberg Nyberg Blomqvist Claesson
    Nordström Mårtensson Lundström Viklund Björklund Eliasson Pålsson Hassan Sandström Berggren
""")
_PLAIN: Final = str.maketrans("åäöÅÄÖ", "aaoaao")


def people_names(draw: random.Random) -> Iterator[tuple[str, str]]:
    """Give (id, name) after (id, name), each once, in an order drawn by chance."""
    names = [f"{first} {last}" for first in _FIRST for last in _LAST]
    draw.shuffle(names)
    yield from {name.translate(_PLAIN).lower().replace(" ", "-"): name for name in names}.items()


def telephone_numbers() -> Iterator[str]:
    """Give mobile numbers, then landline ones, and begin again when they are used up."""
    numbers = [f"070-174 06 {last:02}" for last in range(5, 100)]
    numbers += [f"08-465 004 {last:02}" for last in range(100)]
    while True:
        yield from numbers
