"""Who may come in: declared on the handler or in the table of paths; what is not declared is closed (ASVS 8.3.1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, TypeVar, cast, overload

from vallum.base.errors import ConfigError
from vallum.guard.body_shape import BodyShape
from vallum.guard.http.rate_policy import By, RouteLimit, limit_route
from vallum.guard.http.rates import read_rate
from vallum.guard.output.csp import ContentSecurityPolicy

KEEPS: Final = ("authorize-every-endpoint",)

_ATTRIBUTE: Final = "__vallum_declaration__"
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a route asks beyond permissions; `vallum.guard.authorization.demands` builds and checks it."""

    fresh: bool = False
    proof_age: float | None = None
    networks: tuple[Any, ...] = ()
    audited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may come in. `polling` requests do not keep an idle session alive; `stateless` ones read no session."""

    open: bool = False
    declared: bool = True
    permissions: frozenset[str] = frozenset()
    polling: bool = False
    stateless: bool = False
    rates: tuple[RouteLimit, ...] = ()
    demands: Demands | None = None

    def demanding(self, demands: Demands) -> "Access":
        """The same access with further demands."""
        return replace(self, demands=demands)

    def limited(self, rate: str, *, name: str, by: By = "account", cost: int = 1) -> "Access":
        """The same access under a limit, for the table of paths; `name` is one that no other limit has."""
        return replace(self, rates=(*self.rates, limit_route(rate, by=by, cost=cost, name=name)))


PUBLIC: Final = Access(open=True)
"""Everybody; who is signed in is known all the same."""
ASSETS: Final = Access(open=True, stateless=True)
"""Everybody, and no session is read: for style sheets, scripts and pictures."""
SIGNED_IN: Final = Access()
"""Every signed-in actor."""
CLOSED: Final = Access(declared=False)
"""Nobody: what a route gets that declares nothing."""


def permission(*names: str) -> Access:
    """Signed-in actors whose roles grant every one of `names`, for the table of paths."""
    if not names or not all(names):
        raise ConfigError("permission() needs the name of a permission.", code="access-empty")
    return Access(permissions=frozenset(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """Everything that a handler declares to the guard."""

    access: Access | None = None
    body_limit: int | None = None
    body_shape: BodyShape | None = None
    csp: ContentSecurityPolicy | None = None
    rates: tuple[RouteLimit, ...] = ()
    debug: bool = False


FoundRoute: TypeAlias = tuple[Sequence[str], str, Callable[[str], Declaration]]
"""A route as an adapter finds it: methods, path, and what tells the declaration for a method."""
NOTHING_DECLARED: Final = Declaration()


def rates_of(declaration: Declaration) -> tuple[RouteLimit, ...]:
    """The limits of the route besides those of all routes."""
    access = declaration.access
    return declaration.rates if access is None or not access.rates else declaration.rates + access.rates


def public(handler: Handler) -> Handler:
    """Let everybody in."""
    return _grant(handler, PUBLIC)


@overload
def signed_in(handler: Handler, /) -> Handler: ...
@overload
def signed_in(*, polling: bool = False) -> Callable[[Handler], Handler]: ...
def signed_in(handler: Handler | None = None, /, *, polling: bool = False) -> Handler | Callable[[Handler], Handler]:
    """Let every signed-in actor in. With `polling`, calls do not keep an idle session alive."""
    access = replace(SIGNED_IN, polling=polling)
    return _grant(handler, access) if handler is not None else lambda late: _grant(late, access)


def requires(*names: str) -> Callable[[Handler], Handler]:
    """Let in the signed-in actors whose roles grant every one of the permissions `names`."""
    access = permission(*names)
    return grant_access(access)


def grant_access(access: Access) -> Callable[[Handler], Handler]:
    """The decorator that declares `access`; what was declared before stays demanded too."""
    return lambda handler: _grant(handler, access)


def debug_only(handler: Handler) -> Handler:
    """Tag a handler that is for developers: production does not start with it, and answers nobody who asks for it."""
    return _declare(handler, replace(declaration_of(handler), debug=True))


def accepts_body(limit: int, *, shape: BodyShape | None = None) -> Callable[[Handler], Handler]:
    """Take a request body of up to `limit` bytes on this route instead of the policy's `limits.body`.

    `shape` takes the place of `limits.shape`: how deep and how many, which more bytes alone do not widen.
    """
    if limit < 1:
        raise ConfigError(f"accepts_body needs a number of bytes, not {limit}.", code="limits-contradict")
    return lambda handler: _declare(handler, replace(declaration_of(handler), body_limit=limit, body_shape=shape))


def limited(
    rate: str, *, by: By = "account", cost: int = 1, name: str = "", unsafe_fail_open: bool = False
) -> Callable[[Handler], Handler]:
    """Limit this route to `rate`, such as "10/minute", besides the limits of all routes; more than one may be given.

    `by` tells whose units count: "account", "address" (also where nobody is signed in), "key" for the bearer
    credential, or a function of the exchange that returns a text. Each request takes `cost` units. Handlers with the
    same `name` share one limit. When the store of limits gives no answer the route is closed, unless
    `unsafe_fail_open`. Raises `ConfigError`.
    """

    def limit(handler: Handler) -> Handler:
        before = declaration_of(handler)
        own = name or f"{handler.__module__}.{handler.__qualname__}"
        place = len(before.rates) + 1
        if any(rate.charge.limit == name for rate in before.rates):
            raise ConfigError(f"{own} has the limit {name!r} twice.", hint="Name each.", code="rate-unclear")
        key = own if name or place == 1 else f"{own}-{place}"
        shown = name or key.rpartition(".")[2]
        new = limit_route(rate, by=by, cost=cost, name=key, shown=shown, unsafe_fail_open=unsafe_fail_open)
        return _declare(handler, replace(before, rates=(*before.rates, new)))

    read_rate(rate)
    return limit


def sends_csp(policy: ContentSecurityPolicy) -> Callable[[Handler], Handler]:
    """Answer with this Content Security Policy, and the X-Frame-Options that fits it, on this route."""
    return lambda handler: _declare(handler, replace(declaration_of(handler), csp=policy))


def declaration_of(handler: object, method: str = "") -> Declaration:
    """What `handler` declares; for a class, what its method for `method` declares before what the class does."""
    if method and isinstance(handler, type):
        for name in (method.lower(), "get" if method == "HEAD" else ""):
            declared = getattr(getattr(handler, name, None), _ATTRIBUTE, None) if name else None
            if declared is not None:
                return cast("Declaration", declared)
    declared = getattr(handler, _ATTRIBUTE, None)
    while declared is None and (inner := getattr(handler, "func", None)) is not None:
        handler, declared = inner, getattr(inner, _ATTRIBUTE, None)
    return cast("Declaration", declared) if declared is not None else NOTHING_DECLARED


def _grant(handler: Handler, access: Access) -> Handler:
    before = declaration_of(handler)
    if before.access is not None and before.access.open != access.open:
        raise ConfigError(
            f"{getattr(handler, '__qualname__', handler)} is declared both public and not.",
            hint="Keep one of @public, @signed_in and @requires.",
            code="access-contradicts",
        )
    if before.access is not None:
        access = replace(
            access,
            permissions=access.permissions | before.access.permissions,
            polling=access.polling or before.access.polling,
            demands=access.demands or before.access.demands,
        )
    return _declare(handler, replace(before, access=access))


def _declare(handler: Handler, declaration: Declaration) -> Handler:
    setattr(handler, _ATTRIBUTE, declaration)
    return handler
