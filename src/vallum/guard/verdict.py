"""What every wrapper decides alike: read and judge, write before the head goes out, seal what no gate has judged."""

from collections.abc import Callable, Iterable
from typing import Final

from vallum.guard.authorization.access import Declaration, rates_of
from vallum.guard.core import Core
from vallum.guard.errors.failure import describe_error, unwrap_error
from vallum.guard.errors.public import PublicError
from vallum.guard.errors.refusal import FORBIDDEN, INTERNAL, UNAUTHENTICATED, UNAVAILABLE, Refusal, refusal_for
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Level
from vallum.stores.sessions import SessionRecord

KEEPS: Final = ("fail-closed", "generic-errors", "status-code-hygiene")

Pair = tuple[bytes, bytes]
Read = Callable[[bytes, float], SessionRecord | None]
_REDIRECTS: Final = frozenset({301, 307, 308})
_TELLING: Final = frozenset({501, 502, 503, 504})
"""Server errors whose status an app may tell; the body is the guard's all the same."""
_FRAMING: Final = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding", "set-cookie"})
BODYLESS: Final = frozenset({204, 304})
"""These statuses have no body (RFC 9110, 15.3.5): what the app sends after it would begin the next answer."""


def judge(
    core: Core, exchange: Exchange, declaration: Declaration, digest: bytes | None, read: Read | None = None
) -> Refusal | None:
    """Read the session or the bearer credential and decide; whatever cannot answer lets nobody in.

    `read` takes the place of the store where it was asked already.
    """
    try:
        if exchange.by_bearer:
            core.identify(exchange)
        record = None if digest is None else (read or core.store.read)(digest, core.clock())
    except PublicError as error:
        exchange.judged = True
        core.report(exchange, error.event, error.level, **error.detail)
        return error.refusal
    except Exception as error:  # noqa: BLE001 - fail closed, whatever the store or verifier raises
        exchange.judged = True
        name = "bearer-check-failed" if exchange.by_bearer else "session-store-failed"
        core.report(exchange, name, Level.ERROR, **describe_error(error))
        return UNAVAILABLE
    try:
        return core.admit(exchange, declaration, record) or core.rates.check_route(exchange, rates_of(declaration))
    except Exception as error:  # noqa: BLE001 - fail closed, whatever a part of the policy raises
        exchange.judged = True
        return core.deny(exchange, error)


def carry_out(core: Core, exchange: Exchange) -> Refusal | None:
    """Make the session changes that the handler noted, before its answer goes out."""
    writes = list(exchange.writes)
    exchange.writes.clear()
    try:
        done = [write(core.store) for write in writes]
    except Exception as error:  # noqa: BLE001 - fail closed, whatever the store raises
        core.report(exchange, "session-store-failed", Level.ERROR, **describe_error(error))
        return UNAVAILABLE
    if all(done):
        return None
    core.report(exchange, "session-ended-meanwhile", Level.INFO)
    return core.unauthenticated


def is_plain(exchange: Exchange, status: int) -> bool:
    """Tell whether the app's answer may go out as it stands, with nothing to write or to replace."""
    return not (status >= 500 or exchange.writes or exchange.spoiled or not exchange.judged or exchange.refusal)


def seal(core: Core, exchange: Exchange, status: int, headers: Iterable[Pair]) -> Refusal | None:
    """The answer to put in place of the app's, if any; a 5xx is left to `explain`, once the app has ended."""
    if exchange.spoiled is not None:
        return exchange.spoiled
    if exchange.refusal is not None or exchange.judged or status >= 500:
        return exchange.refusal
    if status in _REDIRECTS:
        return Refusal(status, "redirect", headers=[pair for pair in headers if pair[0].lower() == b"location"])
    if status >= 400:
        kept = [pair for pair in headers if pair[0].lower() in {b"allow", b"retry-after"}]
        return Refusal(status, refusal_for(status).code, headers=kept) if kept else refusal_for(status)
    core.report(exchange, "response-sealed", Level.ERROR, status=str(status))
    return FORBIDDEN


def explain(core: Core, exchange: Exchange, status: int) -> Refusal:
    """The answer to an app that ended with the 5xx `status` or without an answer (0); what it raised is logged."""
    refusal = exchange.spoiled or exchange.refusal
    if refusal is not None:
        return refusal
    if exchange.failure is not None:
        return describe(core, exchange, exchange.failure)
    core.report(exchange, "server-error", Level.ERROR, status=str(status))
    return refusal_for(status) if status in _TELLING else INTERNAL


def decide(core: Core, exchange: Exchange, status: int, headers: Iterable[Pair]) -> Refusal | None:
    """The answer to put in place of a finished one, if any; `status` is 0 for an app that said nothing."""
    refusal = None if is_plain(exchange, status) else seal(core, exchange, status or 500, headers)
    return explain(core, exchange, status) if refusal is None and (status == 0 or status >= 500) else refusal


def describe(core: Core, exchange: Exchange, error: BaseException) -> Refusal:
    """The answer to an exception: what a `PublicError` says, or general terms; the log is told everything."""
    refusal = publish(core, exchange, error)
    if refusal is None:
        report_failure(core, exchange, error)
        return INTERNAL
    return refusal


def report_failure(core: Core, exchange: Exchange, error: BaseException) -> None:
    """Tell the log about an exception that no answer can speak of any more."""
    name = "background-task-failed" if exchange.complete else "unhandled-exception"
    core.report(exchange, name, Level.ERROR, **describe_error(unwrap_error(error)))


def publish(core: Core, exchange: Exchange, error: BaseException) -> Refusal | None:
    """Log a `PublicError` and return its answer; None for every other exception."""
    error = unwrap_error(error)
    if not isinstance(error, PublicError):
        return None
    if exchange.spoiled is not None:  # the log has been told
        return exchange.spoiled
    core.report(exchange, error.event, error.level, **error.detail)
    return error.refusal


def refuse_raised(exchange: Exchange, error: Exception, status: int, headers: Iterable[tuple[str, str]] = ()) -> bool:
    """Answer what the app raised by its framework's own means, such as `abort(404)`: the status, and none of its words.

    True where `exchange.refusal` is the answer. Else the framework's stands: it redirects, or nobody has judged the
    request, and the seal has the last word.
    """
    core: Core = exchange.core
    if not exchange.judged or status < 400:
        return False
    refusal = exchange.spoiled or publish(core, exchange, error)
    if refusal is None:
        refusal = _of_status(core, status, headers)
        if refusal is INTERNAL:
            report_failure(core, exchange, error)
        elif status >= 500:
            core.report(exchange, "server-error", Level.ERROR, status=str(status), **describe_error(error))
        else:
            core.report(exchange, refusal.code, Level.INFO, cause=str(error))
    exchange.refusal = refusal
    return True


def _of_status(core: Core, status: int, headers: Iterable[tuple[str, str]]) -> Refusal:
    if status >= 500 and status not in _TELLING:
        return INTERNAL
    plain = core.unauthenticated if status == UNAUTHENTICATED.status else refusal_for(status)
    named = [(name.lower(), value) for name, value in headers]
    kept = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named if name not in _FRAMING]
    return Refusal(status, plain.code, plain.text, headers=kept) if kept else plain
