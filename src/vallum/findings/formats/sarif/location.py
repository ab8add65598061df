"""Places, routes and data paths as SARIF locations, code flows and web requests."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from vallum.findings.finding import Finding, Step, Where
from vallum.findings.formats.sarif.rule import message
from vallum.findings.options import Options
from vallum.findings.place import Act, Place

ROOT: Final = "SRCROOT"


def describe_location(where: Where, app: str, options: Options) -> dict[str, Any]:
    """Where a finding is shown: its place, or for an act its route and the file of the app.

    Code scanning refuses a log whose results lack a file, so an act points at `options.app_file`, else at the module
    that `app` names, else at the probed address.
    """
    if isinstance(where, Place):
        return {"physicalLocation": _physical(where)} | _scope(where)
    return {
        "physicalLocation": {"artifactLocation": _artifact(options.app_file or _app_file(app)), "region": _region(1)},
        "logicalLocations": [{"fullyQualifiedName": str(where), "name": where.route or where.path, "kind": "resource"}],
    }


def describe_flow(steps: Sequence[Step]) -> dict[str, Any]:
    """The path of the data as a code flow of one thread."""
    ends = {0, len(steps) - 1}
    locations = [
        {
            "location": {
                "physicalLocation": _physical(step.place),
                "message": message(f"{step.verb}: {step.value}" if step.value else step.verb),
            },
            "executionOrder": index + 1,
            "importance": "essential" if index in ends else "important",
        }
        for index, step in enumerate(steps)
    ]
    return {"threadFlows": [{"locations": locations}]}


def describe_request(finding: Finding) -> dict[str, Any]:
    """What the probe sent and what the app answered; nothing for a finding in the code."""
    where = finding.where
    if not isinstance(where, Act):
        return {}
    request: dict[str, Any] = {"protocol": "HTTP", "method": where.method, "target": where.path}
    if where.curl:
        request["properties"] = {"curl": where.curl}
    exchange: dict[str, Any] = {"webRequest": request}
    if where.status or finding.seen:
        exchange["webResponse"] = {"properties": {"seen": list(finding.seen)}}
        if where.status:
            exchange["webResponse"]["statusCode"] = where.status
    return exchange


def _physical(place: Place) -> dict[str, Any]:
    region = _region(place.line, place.column)
    if place.end_line >= place.line:
        region["endLine"] = max(place.end_line, 1)
        if place.end_column > (place.column if place.end_line == place.line else 0):
            region["endColumn"] = place.end_column
    if place.text:
        region["snippet"] = {"text": place.text}
    return {"artifactLocation": _artifact(place.path), "region": region}


def _region(line: int, column: int = 1) -> dict[str, Any]:
    return {"startLine": max(line, 1), "startColumn": max(column, 1)}


def _scope(place: Place) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": place.scope, "kind": "function"}]} if place.scope else {}


def _artifact(path: str) -> dict[str, str]:
    """A path relative to the working directory, percent-encoded; an address and an absolute path stand alone."""
    if path.startswith(("http://", "https://")):
        return {"uri": quote(path.encode("utf-8", "surrogatepass"), safe="/:@?&=%[]")}
    uri = quote(path.encode("utf-8", "surrogatepass"), safe="/")
    return {"uri": f"file://{uri}"} if uri.startswith("/") else {"uri": uri, "uriBaseId": ROOT}


def _app_file(app: str) -> str:
    """The file of `package.module:app`; an address stays as it is."""
    if not app or app.startswith(("http://", "https://")):
        return app or "."
    return app.partition(":")[0].replace(".", "/") + ".py"
