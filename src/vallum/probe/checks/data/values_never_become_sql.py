"""Quotes and conditions in a value stay a value (CWE-89; ASVS 1.2.4)."""

import html
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote, quote_plus

from vallum.findings.finding import Confidence, Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.operation import In, Slot
from vallum.probe.surface import Surface
from vallum.probe.sweep import landing, number_of, open_slots, struck_slots

CLAIM: Final = Claim(slug="values-never-become-sql", control="sql-parameterised")
_FIX: Final = "Bind the value as a parameter; take names of columns and sort orders from a fixed list."
_MESSAGE: Final = "An attacker can read, and often change, everything in the database through this parameter."
_SQL_ERROR: Final = re.compile(
    r'(?<!fts5: )(?<!fts4: )(near "[^"]{0,80}": syntax error|unrecognized token: "|no such column: "?(?P<name>[\w.]+)'
    r"|incomplete input|syntax error at or near|unterminated quoted string|You have an error in your SQL syntax"
    r"|Unclosed quotation mark after|ORA-0(?:0933|1756|0936)|quoted string not properly terminated"
    r"|do not have the same number of result columns|each UNION query must have the same number"
    r"|column \"(?P<column>[\w.]+)\" does not exist|Unknown column '(?P<unknown>[\w.]+)')"
)
_PAIRS: Final = (
    ("' OR '1'='1", "' AND '1'='2"),
    ("' OR 1=1 -- ", "' AND 1=2 -- "),
    ("%' OR 1=1 -- ", "%' AND 1=2 -- "),
    (" OR 1=1", " AND 1=2"),
)
_PLAIN, _QUOTED, _DOUBLED, _HONEST = "plain word", "one quote", "two quotes", "honest"


def _ask(surface: Surface) -> Asking:
    for number, (slot, who) in enumerate(_targets(surface)):
        yield from _try_slot(surface, slot, who, number)


def _try_slot(surface: Surface, slot: Slot, who: str, number: int) -> Asking:
    plain = yield from _send(surface, slot, who, (number, _PLAIN, ""))
    quoted = yield from _send(surface, slot, who, (number, _QUOTED, "'"))
    if plain is None or quoted is None:
        return
    if _error_of(plain, surface) or _error_of(quoted, surface):
        honest = surface.aim(slot.operation, who, label=f"{_HONEST} #{number}")
        if honest:
            yield replace(honest, slot=str(slot.parameter))
    elif not _alike(surface, plain, quoted):
        yield from _send(surface, slot, who, (number, _DOUBLED, "''"))
        for pair, (true, false) in enumerate(_PAIRS):
            for turn in (1, 2):
                yield from _send(surface, slot, who, (number, f"true {pair} {turn}", true))
                yield from _send(surface, slot, who, (number, f"false {pair} {turn}", false))


def _targets(surface: Surface) -> Iterator[tuple[Slot, str]]:
    yield from open_slots(surface)
    for operation in surface.operations:
        if operation.is_login and not operation.is_perilous:
            for parameter in operation.within(In.FORM, In.JSON):
                if parameter.is_open and parameter.form != "hidden" and "passw" not in parameter.name.lower():
                    yield Slot(operation, parameter), ""


def _send(
    surface: Surface, slot: Slot, who: str, what: tuple[int, str, str]
) -> Generator[Shot, Exchange, Exchange | None]:
    number, label, tail = what
    shot = surface.strike(slot, who, f"{_stem(surface)}{number}q{tail}", f"{label} #{number}")
    if shot is None:
        return None
    return (yield shot)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for number in struck_slots(exchanges):
        told = {e.shot.label.partition(" #")[0]: e for e in exchanges if number_of(e) == number}
        finding = _by_error(surface, told) or _by_condition(surface, told)
        if finding:
            exchange, blame, needle = finding
            yield CLAIM.finding(exchange, blame, needle=needle, seen=_inside(exchange))
        elif _QUOTED in told and _DOUBLED not in told and not _error_of(told[_QUOTED], surface):
            yield CLAIM.site(told[_QUOTED], f"{told[_QUOTED].shot.slot}: a quote is a quote")


def _by_error(surface: Surface, told: Mapping[str, Exchange]) -> tuple[Exchange, Blame, str] | None:
    """A complaint of the database that an honest request does not get."""
    usual = html.unescape(told[_HONEST].answer.text) if _HONEST in told else ""
    for label, exchange in told.items():
        error = _error_of(exchange, surface)
        if error and label != _HONEST and error not in usual:
            where = "shows" if error in html.unescape(exchange.answer.text) else "raises"
            shown = re.sub(rf"{re.escape(_stem(surface))}\d+q", "word", error)
            reason = f"{exchange.shot.slot}: a value with SQL syntax in it {where} the database error `{shown}`."
            return exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX), error
    return None


def _by_condition(surface: Surface, told: Mapping[str, Exchange]) -> tuple[Exchange, Blame, str] | None:
    """True and false must differ twice over, and false must answer as a value that matches nothing."""
    for number in range(len(_PAIRS)):
        names = [f"{word} {number} {turn}" for turn in (1, 2) for word in ("true", "false")]
        if not all(name in told for name in names):
            continue
        true, false, again, false_again = (told[name] for name in names)
        steady = _alike(surface, true, again) and _alike(surface, false, false_again)
        nothing = _alike(surface, false, told[_PLAIN])
        if steady and nothing and not _alike(surface, true, false) and true.answer.status < 400:
            sizes = f"{true.answer.length} and {false.answer.length} bytes"
            reason = f"{true.shot.slot}: a condition that is true and one that is false answer differently ({sizes})."
            blame = Blame(message=_MESSAGE, reason=reason, fix=_FIX, confidence=Confidence.HIGH)
            return true, blame, ""
    return None


def _stem(surface: Surface) -> str:
    """The beginning of a word that nothing stored holds; a number makes it another for each place."""
    return f"zq{surface.mark[::-1]}"


def _error_of(exchange: Exchange, surface: Surface) -> str:
    """The database's complaint about syntax; a column that does not exist counts when the value named it."""
    for text in (html.unescape(exchange.answer.text), exchange.answer.raised):
        found = _SQL_ERROR.search(text)
        if not found:
            continue
        name = found["name"] or found["column"] or found["unknown"]
        if name is None or _stem(surface) in name:
            return found[0]
    return ""


def _alike(surface: Surface, one: Exchange, other: Exchange) -> bool:
    same_way = landing(one) == landing(other) or not (one.answer.redirects and other.answer.redirects)
    return one.answer.status == other.answer.status and same_way and _core(one, surface) == _core(other, surface)


def _core(exchange: Exchange, surface: Surface) -> str:
    """The answer without the value itself in any of its writings, and without what changes by itself."""
    text = exchange.answer.text
    tail = "|".join(re.escape(form) for value in _VALUES for form in _writings(value))
    text = re.sub(f"{re.escape(_stem(surface))}\\d+q(?:{tail})?", "", text)
    return re.sub(r"[\w+/=-]{20,}|\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?|\d+", "", text)


def _writings(value: str) -> set[str]:
    escaped = html.escape(value)
    backslashed = value.replace("'", "\\'")
    return {value, escaped, escaped.replace("&#x27;", "&#39;"), quote(value), quote_plus(value), backslashed}


_VALUES: Final = sorted({"''", "'", *(value for pair in _PAIRS for value in pair)}, key=len, reverse=True)


def _inside(exchange: Exchange) -> tuple[str, ...]:
    return (f"raised in the app: {exchange.answer.raised}",) if exchange.answer.raised else ()


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("parameter", "parameters"),
    sound="kept apart from SQL",
    ask=_ask,
    judge=_judge,
    idle="no parameter that takes text was found",
)
