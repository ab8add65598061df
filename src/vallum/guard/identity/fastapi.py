"""What FastAPI handlers take as arguments: `user: CurrentUser`, `MaybeUser`, `RecentLogin`; OpenAPI shows the lock."""

from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import APIKeyCookie, HTTPBearer

from vallum.guard.identity.looking import look_ahead
from vallum.guard.identity.users import User, current_user, maybe_user, recent_factor, recent_login

_SESSION: Final = APIKeyCookie(name="__Host-session", scheme_name="session", auto_error=False)
_TOKEN: Final = HTTPBearer(scheme_name="token", bearerFormat="JWT", auto_error=False)
# They tell OpenAPI what opens the route, and decide nothing: the guard has read cookie and header already.
_BySession = Annotated[object, Depends(_SESSION)]
_ByToken = Annotated[object, Depends(_TOKEN)]


async def _current(_session: _BySession, _token: _ByToken) -> User:
    await look_ahead()
    return current_user()


async def _maybe() -> User | None:
    await look_ahead()
    return maybe_user()


async def _factor(_session: _BySession) -> User:
    await look_ahead()
    return recent_factor()


async def _recent(_session: _BySession) -> User:
    await look_ahead()
    return recent_login()


CurrentUser = Annotated[User, Depends(_current)]
"""The account that is signed in, by session or token; 401 for a visitor."""
MaybeUser = Annotated[User | None, Depends(_maybe)]
"""The account that is signed in, None for a visitor; for routes that are declared @public."""
RecentLogin = Annotated[User, Depends(_recent)]
"""The account whose login is recent; 403 for an older one."""
RecentFactor = Annotated[User, Depends(_factor)]
"""The account that showed a second factor in this session; 403 for others."""
