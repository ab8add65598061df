"""Takes the reports that browsers send about broken policies, and makes security events of them (W3C Reporting API)."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from vallum.guard.exchange import current
from vallum.guard.logging.events import Level

KEEPS: Final = ("content-security-policy",)

MOST_REPORTS: Final = 20
_LONGEST: Final = 200
_DIRECTIVES: Final = ("effectiveDirective", "effective-directive", "violated-directive")
_BLOCKED: Final = ("blockedURL", "blocked-uri")
_PAGES: Final = ("documentURL", "document-uri")


def note_violations(body: bytes) -> int:
    """Log each violation in `body`, in the old or the new form, and return how many there were; nonsense counts none.

    Call it in a `@public` handler for POST whose path stands in `csrf_exempt`, and answer 204. Anybody can write such
    reports: only the directive and addresses without query are logged, cut to 200 characters.
    """
    exchange = current()
    count = 0
    for violation in _read(body):
        detail = {
            "directive": _first(violation, _DIRECTIVES),
            "blocked": _first(violation, _BLOCKED),
            "page": _first(violation, _PAGES),
        }
        exchange.core.report(exchange, "csp-violation", Level.WARNING, **detail)
        count += 1
    return count


def _read(body: bytes) -> Iterator[Mapping[str, object]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    reports = content if isinstance(content, list) else [content]
    for report in reports[:MOST_REPORTS]:
        violation = (report.get("body") or report.get("csp-report")) if isinstance(report, dict) else None
        if isinstance(violation, dict):
            yield violation


def _first(violation: Mapping[str, object], names: tuple[str, ...]) -> str:
    value = next((violation[name] for name in names if isinstance(violation.get(name), str)), "")
    return str(value).partition("?")[0].partition("#")[0][:_LONGEST]
