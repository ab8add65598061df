"""Opens an app in this process: imported, its style told, its lifespan started, with an ear on what it says."""

import time
from dataclasses import dataclass
from typing import Any, Final

from vallum.base.clock import Clock
from vallum.probe.collect.asgi import AsgiTransport
from vallum.probe.collect.engine import Engine
from vallum.probe.collect.loader import find_style, load_app
from vallum.probe.collect.overheard import Overheard
from vallum.probe.collect.wire import Transport
from vallum.probe.collect.wsgi import WsgiTransport

IMPORT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An app that runs, and the thread it runs in."""

    app: Any
    engine: Engine
    transport: Transport


def open_app(target: Any, base: str, clock: Clock = time.monotonic) -> Opened:
    """Start the app that `target` names, or is. Raises `UsageError` when it cannot be loaded or started."""
    engine, ear = Engine(), Overheard()
    try:
        app = engine.call(lambda: load_app(target), IMPORT_SECONDS) if isinstance(target, str) else target
        kind = AsgiTransport if find_style(app) == "asgi" else WsgiTransport
        transport: Transport = kind(app, engine, base, clock, ear)
    except BaseException:
        ear.close()
        engine.close()
        raise
    return Opened(app=app, engine=engine, transport=transport)
