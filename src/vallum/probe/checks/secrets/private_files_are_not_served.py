"""Files of secrets, keys and version control answer nobody (CWE-538, CWE-552; ASVS 13.4.1)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="private-files-are-not-served", control="secrets-not-committed")
_MISSING, _FILE = "missing", "private file"
_SIGNS: Final = {
    "/.env": re.compile(r"(?m)^\s*(?:export\s+)?[A-Z][A-Z0-9_]*\s*="),
    "/.env.production": re.compile(r"(?m)^\s*(?:export\s+)?[A-Z][A-Z0-9_]*\s*="),
    "/.git/config": re.compile(r"(?m)^\s*\[(?:core|remote|branch)"),
    "/.git/HEAD": re.compile(r"^(?:ref: refs/|[0-9a-f]{40})"),
    "/.svn/entries": re.compile(r"^\d+\s"),
    "/.npmrc": re.compile(r"(?m)^[^#\n]*(?:_authToken|registry)\s*="),
    "/.htpasswd": re.compile(r"(?m)^[^:\s]+:[$A-Za-z0-9./]{8,}"),
    "/credentials.json": re.compile(r"^\s*[\[{]"),
    "/service-account.json": re.compile(r"^\s*[\[{]"),
    "/id_rsa": re.compile(r"-----BEGIN "),
    "/server.key": re.compile(r"-----BEGIN "),
    "/key.pem": re.compile(r"-----BEGIN "),
    "/backup.sql": re.compile(r"(?i)\b(?:create table|insert into)\b"),
    "/db.sqlite3": re.compile(r"^SQLite format 3"),
}
"""What each file begins with or holds: a page that answers every address with the same text is no such file."""
_MESSAGE: Final = "Anybody can fetch a file that holds secrets, or the whole history of the source."
_FIX: Final = "Serve one folder of public files only, keep this file out of it, and replace every secret that it held."


def _ask(surface: Surface) -> Asking:
    yield Shot(method="GET", target=f"/{surface.mark}.json", route=UNKNOWN, label=_MISSING)
    for target in _SIGNS:
        yield Shot(method="GET", target=target, route=target, label=_FILE)


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    missing = next((e for e in exchanges if e.shot.label == _MISSING and e.answer.succeeded), None)
    for exchange in exchanges:
        answer, target = exchange.answer, exchange.shot.target
        if exchange.shot.label != _FILE or not answer.status:
            continue
        if not answer.succeeded or target in surface.public:
            yield CLAIM.site(exchange, f"answered {answer.status}")
        elif _SIGNS[target].search(answer.text) and not (missing and missing.answer.text == answer.text):
            reason = f"{target} answers {answer.status} with what such a file holds."
            yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
        else:
            yield CLAIM.site(exchange, "answered with a page that is no such file")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("address of a private file", "addresses of private files"),
    sound="closed",
    ask=_ask,
    judge=_judge,
)
