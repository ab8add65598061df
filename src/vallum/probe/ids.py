"""How much an opaque id can hold, by its length and its letters."""

import re
from collections.abc import Sequence
from math import log2
from typing import Final

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-([1-8])[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_UUID_BITS: Final = {"4": 122.0, "1": 14.0, "6": 62.0, "7": 74.0}
"""Bits that are drawn at random, by version (RFC 9562)."""
_ALPHABETS: Final = ((r"[0-9]+", 10), (r"[0-9a-f]+", 16), (r"[0-9A-F]+", 16), (r"[0-9a-z]+", 36), (r"[\w+/=-]+", 64))


def bits_of(values: Sequence[str]) -> float:
    """The most that the length and the alphabet of the values can hold; of UUIDs, what is random in them."""
    uuids = [_UUID.fullmatch(value) for value in values]
    if values and all(uuids):
        return min(_UUID_BITS.get(found[1], 0.0) for found in uuids if found)
    together = "".join(values)
    letters = next((size for pattern, size in _ALPHABETS if re.fullmatch(pattern, together)), 94)
    return min((len(value.rstrip("=")) for value in values), default=0) * log2(letters)


def fault_of(values: Sequence[str], wanted: float) -> str:
    """What is wrong with ids in the order in which they were given; empty when nothing is to be seen."""
    if len(set(values)) < len(values):
        return "the same id was given twice"
    if len(values) > 2 and len({value[:5] for value in values}) == 1:
        return "all ids begin with the same five characters"
    if len(values) > 6 and list(values) == sorted(values):
        return "the ids rise in the order in which they were given"
    bits = bits_of(values)
    if bits < wanted:
        return f"an id of {len(values[0])} characters holds {bits:.0f} bits at most, fewer than {wanted:.0f}"
    return ""
