"""`Guard(app)`: everything on, for any ASGI app, and in place for Starlette and FastAPI."""

import sys
from typing import Any

from vallum.guard.asgi.types import App, Receive, Scope, Send
from vallum.guard.asgi.wrapper import AsgiGuard
from vallum.guard.configuration.startup import check_startup
from vallum.guard.core import Core
from vallum.guard.policy import GuardPolicy, read_environment


class Guard:
    """Secures `app`. Starlette and FastAPI apps are secured in place; wrap any other ASGI app: `app = Guard(app)`.

    Without a policy the environment decides (see `read_environment`): on a laptop nothing needs to be set. Raises
    `ConfigError`, in production for every problem at once.
    """

    def __init__(self, app: Any, *, policy: GuardPolicy | None = None) -> None:
        """Check the policy and put the guard in place."""
        self.policy = policy if policy is not None else read_environment()
        check_startup(self.policy, debug=bool(getattr(app, "debug", False)))
        self._core = Core(self.policy)
        self._app: App = self._place(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve as an ASGI app."""
        await self._app(scope, receive, send)

    def undeclared(self) -> list[str]:
        """The routes that nobody declared and that are therefore closed; empty for a plain ASGI app."""
        if isinstance(self._app, AsgiGuard):
            return []
        from vallum.guard.frameworks.starlette import undeclared_routes  # noqa: PLC0415 - the app has loaded starlette

        return undeclared_routes(self._app, self._core)  # type: ignore[arg-type]  # `_place` has looked

    def _place(self, app: Any) -> App:
        starlette = sys.modules.get("starlette.applications")
        if starlette is None or not isinstance(app, starlette.Starlette):
            return AsgiGuard(app, self._core, gated=False)
        from vallum.guard.frameworks.starlette import secure_starlette  # noqa: PLC0415 - as above

        secured: App = app
        secure_starlette(app, self._core)
        return secured
