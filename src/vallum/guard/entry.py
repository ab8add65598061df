"""`Guard(app)`: everything on, in place for the frameworks that an adapter knows, and around any other app."""

import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.opening import open_process
from vallum.guard.policy import GuardPolicy, read_environment

if TYPE_CHECKING:
    from vallum.guard.configuration.access_matrix import AccessMatrix
    from vallum.guard.configuration.active import GuardReport
    from vallum.guard.configuration.routes import Route
    from vallum.guard.identity.parts import IdentityParts
    from vallum.guard.identity.settings import Identity

_ADAPTERS: Final = (
    ("starlette", "starlette.applications", "Starlette"),
    ("litestar", "litestar.app", "Litestar"),
    ("flask", "flask.app", "Flask"),
    ("django", "django.core.handlers.base", "BaseHandler"),
)
"""An adapter's name, and the module and class of the apps that it secures."""


class Guard:
    """Secures `app`. Starlette, FastAPI, Litestar and Flask apps are secured in place.

    Wrap Django's handlers and any other app: `application = Guard(app)` for an ASGI server and
    `application = Guard(app).wsgi_app` for a WSGI server. Without a policy the environment decides (see
    `read_environment`): on a laptop nothing needs to be set. With `identity` the app has accounts, and the endpoints
    to use them; `guard.identity` are their parts. Raises `ConfigError`, in production for every problem at once.
    """

    def __init__(self, app: Any, *, policy: GuardPolicy | None = None, identity: "Identity | None" = None) -> None:
        """Check the policy and put the guard in place."""
        self.policy = policy if policy is not None else read_environment()
        self.identity = None if identity is None else self._join(identity)
        self._adapter = _find_adapter(app)
        self._plain = app
        check_startup(self.policy, debug=self.debug)
        self._core = Core(self.policy)
        open_process(self.policy)
        if self.identity is not None:
            _mount(self._adapter, app, self.identity)
        self._app: App = self._place(app)
        _remember(app, self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI app."""
        await self._app(scope, receive, send)

    @property
    def debug(self) -> bool:
        """Whether the app shows tracebacks."""
        return bool(
            getattr(self._plain, "debug", False) if self._adapter is None else self._adapter.is_debug(self._plain)
        )

    @property
    def wsgi_app(self) -> Any:
        """What to give to a WSGI server."""
        if self._adapter is not None:
            return self._app
        from vallum.guard.wsgi.wrapper import WsgiGuard  # noqa: PLC0415 - loaded where it is used

        return WsgiGuard(self._plain, self._core, gated=False)

    def undeclared(self) -> list[str]:
        """The routes that nobody declared and that are therefore closed; empty for an app that no adapter knows."""
        routes: list[str] = [] if self._adapter is None else self._adapter.undeclared_routes(self._plain, self._core)
        return routes

    def routes(self) -> "list[Route]":
        """Every route with who may call it, in one order always; empty for an app that no adapter knows."""
        from vallum.guard.configuration.routes import list_routes  # noqa: PLC0415 - only where it is asked for

        return [] if self._adapter is None else list_routes(self._adapter.find_routes(self._plain), self._core.paths)

    def matrix(self) -> "AccessMatrix":
        """What each route answers to visitors and to each role of the policy; no rows for an app no adapter knows."""
        from vallum.guard.configuration.access_matrix import build_matrix  # noqa: PLC0415 - only where it is asked for

        found = [] if self._adapter is None else self._adapter.find_routes(self._plain)
        return build_matrix(found, self._core.paths, self.policy.roles)

    def report(self) -> "GuardReport":
        """The controls that are kept in this process, by which modules, and the layers against each attack."""
        from vallum.guard.configuration.active import report_guards  # noqa: PLC0415 - only where it is asked for

        return report_guards(self.policy)

    def _join(self, identity: "Identity") -> "IdentityParts":
        from vallum.guard.identity.parts import build_parts  # noqa: PLC0415 - only for an app with accounts

        parts = build_parts(identity, self.policy)
        self.policy = parts.policy
        return parts

    def _place(self, app: Any) -> Any:
        if self._adapter is None:
            return AsgiGuard(app, self._core, gated=False)
        return self._adapter.secure_app(app, self._core)


def _mount(adapter: Any, app: Any, parts: "IdentityParts") -> None:
    """Add the endpoints to an app that an adapter knows; others call the parts from handlers of their own."""
    if adapter is not None:
        name = adapter.__name__.rpartition(".")[2]
        import_module(f"vallum.guard.identity.{name}").mount_endpoints(app, parts)


def _remember(app: Any, guard: Guard) -> None:
    """Let the app, or the state of one with slots, be asked for its guard as `vallum_guard`."""
    places: tuple[Any, ...] = (app, getattr(app, "state", None))
    for place in places:
        with suppress(AttributeError):
            place.vallum_guard = guard
            return


def _find_adapter(app: object) -> Any:
    """The adapter for the app's type; frameworks that are not loaded are not looked at."""
    for name, module, kind in _ADAPTERS:
        loaded = sys.modules.get(module)
        if loaded is not None and isinstance(app, getattr(loaded, kind)):
            return import_module(f"vallum.guard.frameworks.{name}")
    return None
