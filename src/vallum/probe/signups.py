"""Registrations that are honest but for one field, to be compared with an honest one."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Silence, Unproven
from vallum.probe.check import Claim, Wanted
from vallum.probe.exchange import Exchange, Text
from vallum.probe.newcomers import is_password, open_ground, pass_time, registration_of
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.refusals import was_taken
from vallum.probe.surface import Surface

SIGNUP: Final = "registration: "
HONEST: Final = f"{SIGNUP}honest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A registration with one value that no rule should let through."""

    label: str
    """What is wrong: `two @ signs`."""
    parameter: Parameter
    value: str


def send_signups(surface: Surface, prefix: str, tries: Sequence[Try]) -> Generator[Wanted, Exchange, None]:
    """An honest registration, then each try, in browsers of their own; in a trial, where the app can be started."""
    door = registration_of(surface)
    ground = yield from open_ground(surface)
    if door is None or ground is None or not tries:
        return
    yield from pass_time(ground)
    honest = yield from _send(surface, door, ground, f"{prefix}0", {}, HONEST)
    if honest is None or not 200 <= honest.answer.status < 400:
        return
    for number, one in enumerate(tries, 1):
        hits: dict[tuple[str, str], Text] = {one.parameter.key: one.value}
        yield from _send(surface, door, ground, f"{prefix}{number}", hits, f"{SIGNUP}{one.label}")


def _send(
    surface: Surface, door: Operation, ground: str, name: str, hits: Mapping[tuple[str, str], Text], label: str
) -> Generator[Wanted, Exchange, Exchange | None]:
    chosen = Secret(f"Tr4in-Harbor-{name}-Meadow-62")
    given: dict[tuple[str, str], Text] = {p.key: chosen for p in door.parameters if is_password(p)}
    shot = surface.aim(door, "", hits={**given, **hits}, mark=name, label=label)
    if shot is None:
        return None
    slot = next((f"{place} {field}" for place, field in hits), "")
    return (yield replace(shot, session=f"new {name}", trial=ground, slot=slot, token=True))


def fields_named(surface: Surface, words: Iterable[str]) -> tuple[Parameter, ...]:
    """The fields of the registration whose name is, or ends in, one of the words."""
    door = registration_of(surface)
    names = tuple(words)
    body = door.within(In.FORM, In.JSON) if door else ()
    return tuple(p for p in body if p.name.lower().endswith(names) and not is_password(p))


def read_signups(exchanges: Iterable[Exchange]) -> tuple[Exchange | None, tuple[Exchange, ...]]:
    """The honest registration, and the tries."""
    met = [exchange for exchange in exchanges if exchange.shot.label.startswith(SIGNUP)]
    honest = next((exchange for exchange in met if exchange.shot.label == HONEST), None)
    return honest, tuple(exchange for exchange in met if exchange.shot.label != HONEST)


def took(honest: Exchange, exchange: Exchange, mark: str) -> bool:
    """Whether the registration went the way of the honest one."""
    return was_taken(honest, exchange, mark)


def why_unsigned(claim: Claim, surface: Surface, honest: Exchange | None) -> Iterable[Unproven]:
    """What is said when no registration could be compared."""
    if honest is not None and not 200 <= honest.answer.status < 400:
        told = honest.answer.status or honest.answer.fault
        yield claim.unproven(Silence.COULD_NOT_LOOK, f"an honest registration answered {told}")
    elif honest is None and registration_of(surface) is None:
        yield claim.unproven(Silence.NOTHING_EXAMINED, "no registration was found that the probe may use")
