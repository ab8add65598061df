"""What every app of the suite serves, written in its framework's own way. RAN names the handlers that have run.

open hang page mine write declined boom own500 away stream cut async/open ...: public or declared as their names say;
bare, group/bare, async/bare, late, class by POST: nothing declared, and `secret` in their answer.
"""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vallum.guard import ASSETS, GuardPolicy, PublicError, Refusal, current, current_actor
from vallum.guard.authorization.ownership import load_or_404
from vallum.guard.body_shape import MIB, BodyShape

RAN: list[str] = []
TEMPLATE = '<script nonce="{{ csp_nonce }}"></script><input name="csrf_token" value="{{ csrf_token }}">'
BIG = 2 * MIB
DEEP = BodyShape(depth=100)
STATIC = Path(__file__).parent / "static"
PATHS = {"/static/*": ASSETS}


class DeclinedError(PublicError):
    refusal = Refusal(402, "payment-declined", "Payment declined.")


@dataclass(frozen=True)
class Kit:
    """An app as a server would run it. `guard` names what is undeclared."""

    app: Any
    is_wsgi: bool
    undeclared: Callable[[], list[str]]


Build = Callable[[GuardPolicy, bool], Kit]


def secret(name: str) -> str:
    RAN.append(name)
    return "secret"


async def hang() -> str:
    """Never answers."""
    await asyncio.Event().wait()
    return secret("hang")


def find_thing(key: str) -> str:
    """The thing that the actor owns under `key`: hers has her name."""
    owners = {"ada": "ada", "of-somebody-else": "bob"}
    return load_or_404(lambda key, owner: key if owners.get(key) == owner else None, key, current_actor())


def stream() -> Iterator[bytes]:
    yield b"<p nonce="
    yield current().csp_nonce.encode()
    yield b">"


def cut() -> Iterator[bytes]:
    yield b"<p>half"
    raise ValueError("hidden detail")
