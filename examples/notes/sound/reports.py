"""Where browsers report what the Content Security Policy has stopped."""

from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vallum.guard import PublicError, Refusal, accepts_body, limited, public
from vallum.guard.output.csp_reports import note_violations

router = APIRouter()
PATH: Final = "/csp-reports"
LARGEST: Final = 64 * 1024
KINDS: Final = ("application/reports+json", "application/csp-report")
"""What browsers send; neither a form nor a script of another site can send these without asking first."""


class NoReportError(PublicError):
    """Something that no browser sends as a report."""

    refusal = Refusal(415, "no-report", "Only reports of browsers are taken here.")


@router.post(PATH)
@public
@limited("30/minute", by="address")
@accepts_body(LARGEST)
async def take_reports(request: Request) -> Response:
    """Anybody can write such a report: it is logged, and nothing else happens."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in KINDS:
        raise NoReportError
    note_violations(await request.body())
    return Response(status_code=204)
