"""Whom a limit counts: one subject for all the ways in which the same client, account or name can appear."""

import hashlib
import ipaddress
import unicodedata
from functools import lru_cache
from typing import Final

_REMEMBERED: Final = 4096
_IPV6_PREFIX: Final = 64
_LONGEST_KEY: Final = 64


@lru_cache(maxsize=_REMEMBERED)
def subject_of(client: str) -> str:
    """The subject of a client address: the /64 of an IPv6 address, since one subscriber has at least that many."""
    try:
        address = ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return f"address:{client}"
    if isinstance(address, ipaddress.IPv4Address):
        return f"address:{address}"
    if address.ipv4_mapped is not None:
        return f"address:{address.ipv4_mapped}"
    return f"address:{ipaddress.ip_network((address.packed, _IPV6_PREFIX), strict=False)}"


def subject_for(kind: str, key: str) -> str:
    """The subject for a key of any length; long ones are kept as digests."""
    if len(key) > _LONGEST_KEY:
        key = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()
    return f"{kind}:{key}"


def fold_key(key: str) -> str:
    """One form for every way to write the same name: a limit for each spelling would be none (CWE-178)."""
    if key.isascii():
        return key.strip().lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", key).casefold()).strip()
