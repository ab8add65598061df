"""Routes and mounts for developers that production serves to everybody: debug, profiling, metrics, documentation."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, Route
from vallum.check.flow.walk import iter_nodes
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test, names_development
from vallum.check.readings.callers import callers_of
from vallum.check.readings.gates import is_gated
from vallum.check.responses.apps import find_guards
from vallum.check.rule import Rule
from vallum.findings.finding import Confidence, Remark
from vallum.findings.place import Place

_ATTACK: Final = "It shows settings, queries, stacks or every route, and often does what its developer could do."
_FIX: Final = "Remove it, put it behind a permission, or register it in development only."
_PATH: Final = re.compile(
    r"(?:^|/)(?:_{0,2}debug_{0,2}\w*|phpinfo(?:\.php)?|pprof|profil(?:er|ing)|actuator|metrics|graphiql"
    r"|swagger(?:[-_.]\w+)*|redoc|openapi(?:\.json|\.ya?ml)?|silk|server-(?:status|info)|trace|heapdump|threaddump|_?dump"
    r"|console|shell|adminer)(?:/|$)|^/?(?:api/)?test(?:[-_][\w-]+)?/?$"
)
_INCLUDED: Final = re.compile(
    r"^(?:debug_toolbar|silk|django_extensions|drf_yasg|rosetta|django_prometheus|explorer|schema_viewer)(?:\.|$)"
)
_EXPOSERS: Final = (
    "prometheus_flask_exporter.PrometheusMetrics", "flask_debugtoolbar.DebugToolbarExtension", "flasgger.Swagger",
    "prometheus_fastapi_instrumentator.Instrumentator().*.expose",
    "prometheus_fastapi_instrumentator.Instrumentator().expose", "debug_toolbar.middleware.DebugToolbarMiddleware",
    "flask_profiler.init_app", "flask_swagger_ui.get_swaggerui_blueprint",
)  # fmt: skip
_DOCUMENTED: Final = {
    "fastapi.FastAPI": ("openapi_url",), "fastapi.applications.FastAPI": ("openapi_url",),
    "litestar.Litestar": ("openapi_config",), "litestar.app.Litestar": ("openapi_config",),
}  # fmt: skip
_SERVES: Final = re.compile(r"make_(?:wsgi|asgi)_app|metrics|swagger|graphiql|profil|debug", re.IGNORECASE)


def examine(project: Project) -> Iterator[Remark]:
    """Look at routes by their path, at what is mounted, and at generated documentation."""
    callers = callers_of(project)
    seen: set[Place] = set()
    for route in project.routes:
        path = re.sub(r"[{<][^}>]*[}>]", "", route.path.lower())
        if _PATH.search(path) and not _is_aside(route.place.path) and route.place not in seen:
            seen.add(route.place)
            yield from _judge_route(route, callers.access(route).checked)
    for call in project.calls(
        "*.mount", "*.DispatcherMiddleware", "*.Mount", "*.include", "*.path", "*.re_path", "*.url"
    ):
        if not _is_aside(call.place.path):
            yield from _judge_mount(call)
    for call in project.calls(*_EXPOSERS):
        if not _is_aside(call.place.path):
            yield from _judge_exposure(call, f"{call.method} serves it to everybody.")
    for call in project.calls(*_DOCUMENTED):
        if not _is_aside(call.place.path):
            yield from _judge_documentation(call, project)


def _is_aside(path: str) -> bool:
    return is_test(path) or is_document(path) or names_development(path.rpartition("/")[2].replace("debug", ""))


def _judge_route(route: Route, checked: str) -> Iterator[Remark]:
    if checked:
        yield RULE.site(route.place, f"behind {checked}")
    elif is_gated(route.handler.module, route.handler.node):
        yield RULE.site(route.place, "in development only")
    else:
        why = f"{route.path} is served to everybody."
        yield RULE.finding(route.place, _ATTACK, why, fix=_FIX)


def _judge_mount(call: Call) -> Iterator[Remark]:
    if call.method == "include":
        return
    path, content = _mounted(call)
    if path and _PATH.search(path) and (call.method not in {"path", "re_path", "url"} or _SERVES.search(content)):
        yield from _judge_exposure(call, f"{path} is mounted for everybody.")
    elif call.method in {"path", "re_path", "url"} and _INCLUDED.match(content):
        yield from _judge_exposure(call, f"{content} is served to everybody.")


def _mounted(call: Call) -> tuple[str, str]:
    """The path of a mount, with slashes around it, and what is mounted."""
    if call.method == "DispatcherMiddleware":
        table = call.argument(1, "mounts")
        keys = table.node.keys if table is not None and isinstance(table.node, nodes.Table) else ()
        names = [key.value for key in keys if isinstance(key, nodes.Const) and isinstance(key.value, str)]
        return next((name for name in names if _PATH.search(name)), ""), ""
    first = call.argument(0, "path", "route")
    path = first.constant if first is not None and isinstance(first.constant, str) else ""
    content = call.argument(1, "app", "view")
    if content is None:
        return path.strip("^$"), ""
    included = [
        part.value
        for part in iter_nodes(content.node)
        if isinstance(part, nodes.Const) and isinstance(part.value, str) and "." in part.value
    ]
    return path.strip("^$"), included[0] if included else content.text


def _judge_exposure(call: Call, why: str) -> Iterator[Remark]:
    if is_gated(call.module, call.node) or _is_permitted(call):
        yield RULE.site(call.place, "gated")
    else:
        yield RULE.finding(call.place, _ATTACK, why, fix=_FIX)


def _is_permitted(call: Call) -> bool:
    return (
        re.search(r"login_required|staff_member_required|permission|require|authenticat|basic_auth", call.text)
        is not None
    )


def _judge_documentation(call: Call, project: Project) -> Iterator[Remark]:
    """FastAPI and Litestar serve their documentation unless told."""
    if call.expands:
        return
    if find_guards(project):
        yield RULE.site(call.place, "the guard closes what declares nothing")
        return
    switch = call.argument(None, *_DOCUMENTED[call.name])
    pages = [call.argument(None, name) for name in ("docs_url", "redoc_url")]
    if switch is not None and not (isinstance(switch.constant, str) and switch.constant):
        note = "the documentation is off" if switch.constant is None else "the documentation is gated"
        if call.name.startswith("fastapi") or switch.constant is None:
            yield RULE.site(call.place, note)
        return
    if all(page is not None and not page.constant for page in pages if call.name.startswith("fastapi")) and any(pages):
        why = "The schema of every route stands at /openapi.json."
        yield RULE.finding(call.place, _ATTACK, why, fix="openapi_url=None", confidence=Confidence.LOW)
    elif is_gated(call.module, call.node) or (not project.routes and switch is None):
        return
    else:
        why = "The documentation of every route is served to everybody, which is the default."
        fix = "openapi_url=None, and serve it behind a permission." if "fastapi" in call.name else "openapi_config=None"
        yield RULE.finding(call.place, _ATTACK, why, fix=fix, confidence=Confidence.MEDIUM)


RULE = Rule(
    slug="debug-endpoint",
    control="no-debug-endpoints",
    languages=("python",),
    unit=("route or mount for developers", "routes and mounts for developers"),
    sound="gated",
    examine=examine,
)
