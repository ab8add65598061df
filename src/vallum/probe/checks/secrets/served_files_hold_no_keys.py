"""Scripts, source maps, styles and images that anybody can fetch hold no keys (CWE-798; ASVS 13.3.1)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot
from vallum.probe.read.html import find_text
from vallum.probe.read.link import resolve_link
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="served-files-hold-no-keys", control="no-hardcoded-secrets")
_FIX: Final = "Revoke the key, keep it on the server, and let the front end ask the server to act."
_MOST_FILES: Final = 60
_KEYS: Final = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})\b")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20}\b")),
    ("a Slack token", re.compile(r"\bxox[abprs]-\d{6,}-[A-Za-z0-9-]{10,}")),
    ("a Stripe secret key", re.compile(r"\b[sr]k_live_[A-Za-z0-9]{20,}\b")),
    ("a Google API key", re.compile(r"\bAIza[A-Za-z0-9_-]{35}\b")),
    ("an npm token", re.compile(r"\bnpm_[A-Za-z0-9]{36}\b")),
    ("a SendGrid key", re.compile(r"\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b")),
    ("a private key", re.compile(r"-----BEGIN (?:RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----")),
    (
        "a connection string with a password",
        re.compile(r"\b[a-z][a-z0-9+]{2,20}://[^\s:@/'\"]+:[^\s:@/'\"]{3,}@[\w.-]+"),
    ),
)
_FAKE: Final = re.compile(r"(?i)example|placeholder|changeme|your[_-]|user:pass|<|\{|xxxx|\*\*\*")


def _ask(surface: Surface) -> Asking:
    files = dict.fromkeys(_files(surface))
    maps = [f"{file}.map" for file in files if file.endswith((".js", ".css"))]
    for target in [*files, *maps][:_MOST_FILES]:
        yield Shot(method="GET", target=target, label="public file", route=target)


def _files(surface: Surface) -> Iterator[str]:
    for exchange in surface.exchanges:
        for link in exchange.answer.page.resources:
            target = resolve_link(link, exchange.shot.target, surface.base)
            if target:
                yield target.partition("?")[0]


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    for exchange in exchanges:
        if exchange.answer.succeeded:
            yield from _look(exchange, exchange.answer.body.decode("latin-1"))
    pages = {
        e.shot.route: e for e in surface.exchanges if e.answer.succeeded and e.answer.is_html and not e.shot.identity
    }
    for page in pages.values():
        scripts = "\n".join(find_text(page.answer.page.elements, "script"))
        if scripts.strip():
            yield from _look(page, scripts)


def _look(exchange: Exchange, text: str) -> Iterator[Remark]:
    for name, pattern in _KEYS:
        found = next((match for match in pattern.finditer(text) if not _FAKE.search(match[0])), None)
        if found:
            message = f"Anybody can take {name} out of a public file and use it."
            blame = Blame(message=message, reason=f"The file holds {name}, which begins {found[0][:6]}...", fix=_FIX)
            yield CLAIM.finding(exchange, blame)
            return
    yield CLAIM.site(exchange, "no known key format")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("public file", "public files"),
    sound="without a key",
    ask=_ask,
    judge=_judge,
    idle="no page loads a script, style or image of the app",
)
