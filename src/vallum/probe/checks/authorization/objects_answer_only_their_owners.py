"""An object of one user is, for another, as if it did not exist (CWE-639; ASVS 8.2.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.logins import core_of
from vallum.probe.operation import HOLE, Operation
from vallum.probe.surface import Account, Surface
from vallum.probe.values import Held, choose_id, find_ids

CLAIM: Final = Claim(slug="objects-answer-only-their-owners", control="object-ownership")
_FIX: Final = "Restrict the query itself by the owner, and answer 404 for an object of somebody else."
_OWN, _THEIRS, _PUBLIC, _MISSING = "as its owner", "as another", "as nobody", "missing"
_BEFORE, _AFTER = "read before", "read back"
_READ: Final = "An attacker with any account can read what belongs to others, by counting up the id."
_WRITE: Final = "An attacker with any account can change what belongs to others, by counting up the id."
_ERASE: Final = "An attacker with any account can delete what belongs to others, by counting up the id."
_NO_SUCH: Final = "987654321"


def _ask(surface: Surface) -> Asking:
    owner, stranger = surface.users[:2]
    own = replace(surface, ids=_owned_ids(surface, owner))
    for number, operation in enumerate(_makers(surface)):
        shot = surface.aim(operation, owner.name, mark=f"{surface.mark}o{number}", label="made")
        if shot:
            made = yield shot
            fresh = tuple(find_ids(made, surface.operations, made=True))
            own = replace(own, ids=(*fresh, *own.ids))
    for operation in sorted(_objects(surface), key=_gentleness):
        yield from _attack(own, operation, owner, stranger)


def _gentleness(operation: Operation) -> tuple[bool, bool, str]:
    """Reading first, destroying last."""
    return (not operation.is_safe, operation.is_perilous, operation.template)


def _owned_ids(surface: Surface, owner: Account) -> tuple[Held, ...]:
    """The ids that only the owner has met."""
    others = {(held.prefix, held.value) for held in surface.ids if held.identity != owner.name}
    return tuple(h for h in surface.ids if h.identity == owner.name and (h.prefix, h.value) not in others)


def _makers(surface: Surface) -> Iterator[Operation]:
    for operation in surface.usable():
        plain = not operation.holes and not operation.is_administrative
        if operation.method == "POST" and plain and not operation.is_login and not operation.is_registration:
            yield operation


def _objects(surface: Surface) -> Iterator[Operation]:
    """Operations on one object; deleting and publishing too, as the object is the probe's own."""
    for operation in surface.operations:
        if not operation.holes or operation.is_administrative or operation.is_logout:
            continue
        if operation.is_safe or surface.writes:
            yield operation


def _attack(surface: Surface, operation: Operation, owner: Account, stranger: Account) -> Asking:
    ids = [held for held in surface.ids if operation.is_safe or held.made]
    hits = {hole.key: found.value for hole in operation.holes if (found := choose_id(hole, operation, ids))}
    theirs = surface.aim(operation, stranger.name, hits=hits, label=_THEIRS, mark=_stolen(surface, operation))
    mine = surface.aim(operation, owner.name, hits=hits, label=_OWN)
    if len(hits) < len(operation.holes) or theirs is None or mine is None:
        return
    if operation.is_safe:
        own = yield mine
        if own.answer.succeeded:
            answer = yield theirs
            yield replace(theirs, identity="", session="", label=_PUBLIC)
            yield from _missing(surface, operation, stranger, answer)
        return
    reading = _reading(surface, operation, owner, hits)
    if reading:
        before = yield replace(reading, label=_BEFORE)
        if before.answer.succeeded:
            yield theirs
            yield reading


def _stolen(surface: Surface, operation: Operation) -> str:
    """What a stranger writes, another word for each operation."""
    return f"{surface.mark}x{surface.operations.index(operation)}"


def _missing(surface: Surface, operation: Operation, stranger: Account, answer: Exchange) -> Asking:
    """What an object that does not exist answers: another's must answer the same."""
    if answer.answer.status not in (403, 404):
        return
    hits = {hole.key: _NO_SUCH for hole in operation.holes}
    shot = surface.aim(operation, stranger.name, hits=hits, label=_MISSING)
    if shot:
        yield shot


def _reading(surface: Surface, operation: Operation, owner: Account, hits: dict[tuple[str, str], str]) -> Shot | None:
    """How the owner looks at the object that a stranger tries to change or delete."""
    inside = [
        op
        for op in surface.operations
        if op.method == "GET" and op.holes and f"{operation.template}/".startswith(f"{op.template}/")
    ]
    reader = min(inside, key=lambda op: len(op.template), default=None)
    shot = surface.aim(reader, owner.name, hits=hits, label=_AFTER) if reader else None
    return replace(shot, route=operation.template, slot=operation.method, shown=shot.route) if shot else None


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    groups: dict[tuple[str, str], dict[str, Exchange]] = {}
    for exchange in exchanges:
        method = exchange.shot.slot if exchange.shot.label in (_BEFORE, _AFTER) else exchange.shot.method
        groups.setdefault((method, exchange.shot.route), {})[exchange.shot.label] = exchange
    for told in groups.values():
        if _THEIRS in told:
            remark = _judge_read(surface, told) if _OWN in told else _judge_write(surface, told)
            if remark:
                yield remark


def _judge_read(surface: Surface, told: dict[str, Exchange]) -> Remark | None:
    own, theirs, public = told[_OWN].answer, told[_THEIRS], told.get(_PUBLIC)
    if theirs.answer.succeeded:
        if public is None or public.answer.succeeded or not _same_object(surface, told):
            return None
        reason = f"The object of {told[_OWN].shot.identity} is shown to {theirs.shot.identity}, and not to nobody."
        return CLAIM.finding(theirs, Blame(message=_READ, reason=reason, fix=_FIX), needle=_word(surface, own.text))
    missing = told.get(_MISSING)
    if missing and missing.answer.status != theirs.answer.status:
        message = "An attacker can tell which ids exist, object by object."
        statuses = f"{theirs.answer.status} for another's object and {missing.answer.status} for none"
        blame = Blame(message=message, reason=f"It answers {statuses}.", fix=_FIX, confidence=Confidence.LOW)
        return CLAIM.finding(theirs, blame)
    if surface.sends_away(theirs.answer) and theirs.answer.status == 401:
        return None
    return CLAIM.site(theirs, f"answered {theirs.answer.status}, as if there were none")


def _judge_write(surface: Surface, told: dict[str, Exchange]) -> Remark | None:
    theirs, before, after = told[_THEIRS], told[_BEFORE], told.get(_AFTER)
    if after is None:
        return None
    passed = 0 < theirs.answer.status < 400 and not surface.sends_away(theirs.answer)
    if not passed:
        unchanged = after.answer.succeeded and core_of(before) == core_of(after)
        return CLAIM.site(theirs, f"answered {theirs.answer.status}, object unchanged") if unchanged else None
    if after.answer.status in (404, 410) and _erases(theirs):
        reason = f"{theirs.shot.identity} deleted an object that {after.shot.identity} had made."
        return CLAIM.finding(theirs, Blame(message=_ERASE, reason=reason, fix=_FIX), shown=after)
    stolen = _stolen_word(surface, theirs)
    if stolen and stolen in after.answer.text:
        reason = f"{theirs.shot.identity} changed an object that {after.shot.identity} had made, who reads it so."
        return CLAIM.finding(theirs, Blame(message=_WRITE, reason=reason, fix=_FIX), needle=stolen, shown=after)
    if after.answer.succeeded and core_of(before) != core_of(after):
        reason = f"After a request of {theirs.shot.identity}, the object of {after.shot.identity} is another."
        blame = Blame(message=_WRITE, reason=reason, fix=_FIX, confidence=Confidence.MEDIUM)
        return CLAIM.finding(theirs, blame, shown=after)
    return None


def _stolen_word(surface: Surface, theirs: Exchange) -> str:
    for operation in surface.operations:
        if (operation.method, operation.template) == (theirs.shot.method, theirs.shot.route):
            return _stolen(surface, operation)
    return ""


def _erases(exchange: Exchange) -> bool:
    return exchange.shot.method == "DELETE" or any(
        word in HOLE.sub("", exchange.shot.route).lower() for word in ("delete", "remove", "destroy")
    )


def _same_object(surface: Surface, told: dict[str, Exchange]) -> bool:
    """The other sees the mark that the owner's object carries, or the very same answer."""
    own, theirs = told[_OWN].answer, told[_THEIRS].answer
    word = _word(surface, own.text)
    return word in theirs.text if word else own.body == theirs.body


def _word(surface: Surface, text: str) -> str:
    """The mark of an object that was made for this check, if the text shows it."""
    at = text.find(f"{surface.mark}o")
    return text[at : at + len(surface.mark) + 2] if at >= 0 else ""


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("operation on another's object", "operations on others' objects"),
    sound="answered as if there were none",
    ask=_ask,
    judge=_judge,
    users=2,
    idle="no route names an object that one user has and the other has not",
)
