"""What the answers tell about the proxy in front: pure functions over them, each line with the fix."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from vallum.audit.doctor.diagnosis import Diagnosis, Kind, Line
from vallum.audit.doctor.front import STRANGER, Front
from vallum.probe.exchange import Answer
from vallum.probe.policy import LOOPBACK

_YEAR: Final = 31_536_000
_APP_SERVERS: Final = ("uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "werkzeug", "waitress", "python")
_MAX_AGE: Final = re.compile(r"(?:^|[;\s])max-age\s*=\s*\"?(\d+)", re.IGNORECASE)
_ONCE: Final = (
    "strict-transport-security",
    "content-security-policy",
    "x-frame-options",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "cache-control",
)
_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding"})
"""Headers of one connection, which every server writes for itself."""
_SINGLE_POLICY: Final = frozenset(_ONCE) - {"content-security-policy"}
_TRUST: Final = (
    "Let the proxy overwrite the header, name only the proxy in VALLUM_PROXIES, and start uvicorn with "
    "--no-proxy-headers."
)


def judge_front(front: Front) -> Diagnosis:
    """Judge every answer; when there was none, the one line says why."""
    if not front.plain.status:
        what = f"{front.url} does not answer: {front.plain.fault}."
        unseen = Line(kind=Kind.UNSEEN, code="no-answer", what=what, fix="Start the app, or mend the URL.")
        return Diagnosis(target=front.url, lines=(unseen,))
    judges = (
        _judge_scheme,
        _judge_hsts,
        _judge_proto,
        _judge_hosts,
        _judge_client,
        _judge_banner,
        _judge_doubles,
        _judge_limit,
        _judge_compression,
        _tell_case,
    )
    return Diagnosis(target=front.url, lines=tuple(line for judge in judges for line in judge(front)))


def _problem(code: str, what: str, fix: str) -> Line:
    return Line(kind=Kind.PROBLEM, code=code, what=what, fix=fix)


def _fine(code: str, what: str) -> Line:
    return Line(kind=Kind.FINE, code=code, what=what)


def _note(code: str, what: str, fix: str = "") -> Line:
    return Line(kind=Kind.NOTE, code=code, what=what, fix=fix)


def _unseen(code: str, what: str, fix: str) -> Line:
    return Line(kind=Kind.UNSEEN, code=code, what=what, fix=fix)


def _judge_scheme(front: Front) -> Iterator[Line]:
    fix = "Have the proxy answer plain http with 308 to https://, and nothing else."
    if not front.secure:
        if _leads_to_https(front.plain, front.hostname):
            yield _fine("scheme-redirect", "Plain http leads to https.")
        elif front.hostname in LOOPBACK:
            yield _note("scheme-plain", "The URL is plain http on this machine: TLS was not looked at.")
        else:
            yield _problem("scheme-plain", f"Plain http answers {front.plain.status}.", fix)
        return
    answer = front.unencrypted
    if _leads_to_https(answer, front.hostname):
        yield _fine("scheme-redirect", "Plain http leads to https.")
    elif answer.status:
        yield _problem("scheme-plain", f"Plain http answers {answer.status} and does not lead to https.", fix)
    else:
        yield _note("scheme-closed", f"Plain http at port 80 has no answer: {answer.fault}.")


def _leads_to_https(answer: Answer, host: str) -> bool:
    location = urlsplit(answer.header("location"))
    return answer.status in {301, 302, 307, 308} and location.scheme == "https" and location.hostname == host


def _judge_hsts(front: Front) -> Iterator[Line]:
    if not front.secure:
        return
    lines = front.plain.header_lines("strict-transport-security")
    if not lines:
        fix = "The guard sends it over https: let X-Forwarded-Proto reach it, from a proxy named in VALLUM_PROXIES."
        yield _problem("hsts-absent", "The answer has no Strict-Transport-Security.", fix)
        return
    age = _MAX_AGE.search(lines[0])
    if age is None or int(age[1]) < _YEAR:
        yield _problem("hsts-short", f"HSTS lasts less than a year: {lines[0]}.", f"Send max-age={_YEAR}.")
    else:
        yield _fine("hsts", f"Strict-Transport-Security: {lines[0]}.")


def _judge_proto(front: Front) -> Iterator[Line]:
    if not front.proto.status:
        yield _unseen(
            "forwarded-proto", f"The question with X-Forwarded-Proto failed: {front.proto.fault}.", "Ask again."
        )
    elif _scheme_signs(front.plain) == _scheme_signs(front.proto):
        yield _note("forwarded-proto", "X-Forwarded-Proto of a client makes no difference.")
    elif front.hostname in LOOPBACK:
        what = "X-Forwarded-Proto counts when it comes from this machine: right only for a proxy that runs here."
        yield _note("forwarded-proto", what, "Ask again from outside, through the proxy.")
    else:
        yield _problem("forwarded-proto-trusted", "X-Forwarded-Proto counts, whoever sends it.", _TRUST)


def _scheme_signs(answer: Answer) -> tuple[object, ...]:
    """What an app does otherwise over TLS: status, scheme of the redirect, HSTS, Secure cookies."""
    secure = sorted("secure" in line.lower() for line in answer.header_lines("set-cookie"))
    scheme = urlsplit(answer.header("location")).scheme
    return (answer.status, scheme, answer.has("strict-transport-security"), secure)


def _judge_hosts(front: Front) -> Iterator[Line]:
    status = front.stranger.status
    if 400 <= status < 500 or not status:
        yield _fine("host-refused", f"A strange Host is refused: {status or front.stranger.fault}.")
    elif status < 400:
        what = f"A request for the host {STRANGER} is answered with {status}."
        fix = "Give the proxy a default server that answers 421, and the app its VALLUM_ORIGINS and hosts."
        yield _problem("host-any", what, fix)
    else:
        yield _problem("host-breaks", f"A strange Host is answered with {status}.", "Refuse it with 400 or 421.")
    if _shows(front.host, STRANGER) and not _shows(front.plain, STRANGER):
        what = "A host name from X-Forwarded-Host or Forwarded stands in the answer."
        yield _problem("forwarded-host-trusted", what, "Build links from VALLUM_ORIGINS; drop the header at the proxy.")
    else:
        yield _note("forwarded-host", "X-Forwarded-Host and Forwarded of a client do not show in the answer.")


def _shows(answer: Answer, word: str) -> bool:
    return word in answer.text or any(word in value for _, value in answer.headers)


def _judge_client(front: Front) -> Iterator[Line]:
    if front.client.status and front.client.status != front.plain.status:
        what = f"X-Forwarded-For: 127.0.0.1 turns {front.plain.status} into {front.client.status}."
        yield _problem("forwarded-for-trusted", what, _TRUST)
    else:
        what = "Whether X-Forwarded-For of a client counts does not show here: look at the client in the access log."
        yield _note("forwarded-for", what)


def _judge_banner(front: Front) -> Iterator[Line]:
    server = front.plain.header("server")
    powered = front.plain.header("x-powered-by")
    if server and (re.search(r"\d", server) or any(name in server.lower() for name in _APP_SERVERS)):
        fix = "uvicorn --no-server-header; nginx: server_tokens off; else drop the header at the proxy."
        yield _problem("banner-server", f"Server: {server}.", fix)
    elif server:
        yield _note("banner-server", f"Server: {server}. It names a product, and no version.")
    if powered:
        yield _problem("banner-powered-by", f"X-Powered-By: {powered}.", "Drop the header at the proxy.")
    via = front.plain.header("via")
    if via:
        yield _note("proxy-via", f"Via: {via}. A proxy stands in front.")


def _judge_doubles(front: Front) -> Iterator[Line]:
    for name in _ONCE:
        lines = front.plain.header_lines(name)
        if len(lines) > 1 and (name in _SINGLE_POLICY or len(set(lines)) == 1):
            what = f"{name} comes {len(lines)} times: the app and the proxy both add it, and only one may count."
            yield _problem("header-twice", what, "Leave it to the app: remove add_header or its like at the proxy.")


def _judge_limit(front: Front) -> Iterator[Line]:
    answer = front.large
    if answer.status == 413:
        yield _fine("body-limit", "A body of 1 GiB is refused before it comes.")
    elif answer.status:
        what = f"A POST that announces 1 GiB is answered with {answer.status}: whether there is a limit does not show."
        yield _note("body-limit", what)
    elif "timed out" in answer.fault:
        what = "A body of 1 GiB is waited for: nothing refuses it by its length."
        yield _problem(
            "body-unlimited", what, "nginx: client_max_body_size 10m; the guard: LimitPolicy(largest_body=...)."
        )
    else:
        yield _note("body-limit", f"A POST that announces 1 GiB ends the connection: {answer.fault}.")


def _judge_compression(front: Front) -> Iterator[Line]:
    coding = front.squeezed.header("content-encoding")
    if not coding:
        yield _fine("compression", "The answer is not compressed.")
        return
    told = front.squeezed.header("cache-control").lower()
    if front.squeezed.has("set-cookie") or "no-store" in told or "private" in told:
        what = f"An answer for one person is compressed ({coding}): its length tells about secrets in it (BREACH)."
        yield _problem("compression-private", what, "Compress static files only: nginx gzip off for the app.")
    else:
        yield _note("compression", f"The answer is compressed ({coding}); keep secrets out of such pages (BREACH).")


def _tell_case(front: Front) -> Iterator[Line]:
    names = {name for name, _ in front.plain.headers if name.lower() not in _HOP}
    capital = sorted(name for name in names if name != name.lower())
    if not capital:
        what = "All header names are in lower case, as ASGI servers write them: no proxy rewrote them."
        yield _note("header-case", what)
    elif len(capital) == len(names):
        yield _note("header-case", "All header names are capitalised: a proxy, or a WSGI server, wrote them.")
    else:
        yield _note("header-case", f"Somebody in front seems to add {', '.join(capital)}.")
