"""What an endpoint declares, wherever its framework keeps it, and which endpoints declare nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.errors import ConfigError
from vallum.guard.authorization.access import CLOSED, Declaration, FoundRoute, declaration_of
from vallum.guard.core import Core
from vallum.guard.exchange import Exchange
from vallum.guard.logging.events import Event, Level

KEEPS: Final = ("authorize-every-endpoint",)

_METHODS: Final = ("get", "post", "put", "patch", "delete")


def find_declaration(exchange: Exchange, endpoint: object, declared: Declaration, path: str) -> Declaration | None:
    """What `endpoint` has `declared`, or the table says for `path`; None when the request has been judged for it."""
    if exchange.judged and (declared.access is None or exchange.endpoint is endpoint):
        return None
    exchange.endpoint = endpoint
    core: Core = exchange.core
    if declared.debug and core.policy.is_production:
        return replace(declared, access=CLOSED)
    if declared.access is not None:
        return declared
    return replace(declared, access=core.paths.find(path))


def declaration_of_view(view: object, method: str) -> Declaration:
    """What a view function declares, or the class that it was made of."""
    declared = declaration_of(view)
    made_of = _class_of(view)
    return declaration_of(made_of, method) if declared.access is None and made_of is not None else declared


def is_declared(endpoint: object, path: str, core: Core) -> bool:
    """Tell whether something says who may call `endpoint`; of a class, every method."""
    if declaration_of(endpoint).access is not None or is_in_table(path, core):
        return True
    made_of = endpoint if isinstance(endpoint, type) else _class_of(endpoint)
    methods = methods_of(made_of)
    return bool(methods) and all(declaration_of(made_of, method).access is not None for method in methods)


def methods_of(endpoint: object) -> list[str]:
    """The methods that a class answers, or that of a view made of one; none for a function."""
    made_of = endpoint if isinstance(endpoint, type) else _class_of(endpoint)
    return [name.upper() for name in _METHODS if hasattr(made_of, name)] if made_of is not None else []


def is_in_table(path: str, core: Core) -> bool:
    """Tell whether the table of paths says something about `path` or what is below it."""
    return core.paths.find(path) is not None or core.paths.find(f"{path}/x") is not None


def check_declared(missing: Sequence[str], found: Iterable[FoundRoute], core: Core) -> None:
    """Warn of the routes in `missing`, which declare nothing. In production raises `ConfigError`.

    Production refuses as well what among all the routes `found` is for debugging.
    """
    if core.policy.is_production and not core.policy.unsafe_debug_paths:
        from vallum.guard.configuration.routes import check_debugging, list_routes  # noqa: PLC0415 - production only

        check_debugging(list_routes(found, core.paths))
    if not missing:
        return
    listed = ", ".join(missing)
    if core.policy.is_production:
        raise ConfigError(
            f"{len(missing)} routes declare nothing: {listed}.",
            hint="Add @public, @signed_in or @requires(...), or an entry in paths; openapi_url=None ends API docs.",
            code="routes-undeclared",
        )
    detail = {"routes": listed}
    core.policy.sink(Event(name="routes-undeclared", level=Level.WARNING, at=core.policy.clock(), detail=detail))


def refuse_version(framework: str, missing: str) -> ConfigError:
    """The error for a version of `framework` that lacks what the adapter leans on."""
    return ConfigError(
        f"this version of {framework} has no {missing}, where the guard puts its gate.",
        hint="Install a version that docs/guard.md names.",
        code="framework-version",
    )


def _class_of(view: object) -> object:
    return getattr(view, "view_class", None) or getattr(view, "cls", None)
