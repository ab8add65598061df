"""An error answer holds a fixed text and nothing of the inside (CWE-209; ASVS 16.5.1)."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import unquote

from vallum.findings.finding import Remark
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.judging import judge_answers
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="errors-tell-nothing", control="generic-errors")
_MESSAGE: Final = "An attacker learns from errors how the app is built: code, paths, queries, names of libraries."
_FIX: Final = "Answer unexpected errors with a fixed sentence and a request id, and log the rest."
_SIGNS: Final = (
    ("a stack trace", re.compile(r"Traceback \(most recent call last\)|File \"[^\"\n]+\", line \d+")),
    ("a path on the server", re.compile(r"(?<![\w:/.])/(?:usr|home|app|srv|opt|tmp|var|root|code)/[\w.-]+/[\w./-]+")),
    ("a path on the server", re.compile(r"\b[A-Z]:\\\\?(?:[\w .-]+\\\\?){2,}\w+")),
    ("SQL", re.compile(r"\b(?:SELECT\b.{1,200}\bFROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.DOTALL)),
    ("a database error", re.compile(r'near "[^"]*": syntax error|no such (?:table|column): |UNIQUE constraint failed')),
    ("the name of an exception", re.compile(r"\b(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception)\(?['\":)]")),
)
_SHORTEST_TEXT: Final = 8


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    errors = {(e.shot.method, e.shot.route or e.shot.label, e.answer.status, e.shot.label): e for e in _errors(surface)}
    return judge_answers(CLAIM, errors.values(), _fault, lambda e: f"answered {e.answer.status} and a fixed text")


def _errors(surface: Surface) -> Iterable[Exchange]:
    return (exchange for exchange in surface.exchanges if exchange.answer.status >= 400)


def _fault(exchange: Exchange) -> Blame | None:
    text = html.unescape(exchange.answer.page.text if exchange.answer.is_html else exchange.answer.text)
    for name, sign in _SIGNS:
        found = sign.search(text)
        if found and found[0] not in unquote(exchange.shot.target):
            return Blame(message=_MESSAGE, reason=f"The error shows {name}.", fix=_FIX)
    inner = exchange.answer.raised.partition(": ")[2].strip()
    if len(inner) >= _SHORTEST_TEXT and inner in " ".join(text.split()):
        return Blame(message=_MESSAGE, reason="The error shows the text of the exception that was raised.", fix=_FIX)
    return None


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("error answer", "error answers"),
    sound="with nothing of the inside",
    judge=_judge,
    idle="no error could be provoked",
)
