"""Two small orders: a heap of who is next, and a sort of few.

Called by the kernel's other modules. Both order by a time and then by a number, so that nothing
ever depends on chance or on the order in which things were found.
"""

from __future__ import annotations

from migrator.schedule.compiled import compiled, embedded
from migrator.schedule.problem import Floats, Ints


@compiled
def sort(keys: Floats, items: Ints, count: int) -> None:
    """By key, then by item; what is sorted here is short or nearly sorted: insertion is quick."""
    for k in range(1, count):
        key = keys[k]
        item = items[k]
        place = k
        while place and (
            keys[place - 1] > key or (keys[place - 1] == key and items[place - 1] > item)
        ):
            keys[place] = keys[place - 1]
            items[place] = items[place - 1]
            place -= 1
        keys[place] = key
        items[place] = item


@embedded
def push(keys: Floats, items: Ints, size: int, key: float, item: int) -> None:
    """Put an entry into a heap of `size`."""
    k = size
    while k:
        up = (k - 1) >> 1
        if keys[up] < key or (keys[up] == key and items[up] < item):
            break
        keys[k] = keys[up]
        items[k] = items[up]
        k = up
    keys[k] = key
    items[k] = item


@embedded
def pop(keys: Floats, items: Ints, size: int) -> None:
    """Take the first entry off a heap that has `size` afterwards."""
    key = keys[size]
    item = items[size]
    k = 0
    while True:
        down = 2 * k + 1
        if down >= size:
            break
        right = down + 1
        if right < size and (
            keys[right] < keys[down] or (keys[right] == keys[down] and items[right] < items[down])
        ):
            down = right
        if key < keys[down] or (key == keys[down] and item <= items[down]):
            break
        keys[k] = keys[down]
        items[k] = items[down]
        k = down
    keys[k] = key
    items[k] = item
