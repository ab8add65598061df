"""The cookies of an `Identity` besides the session's: half a login, a known device, whom a passkey is asked of."""

from dataclasses import dataclass
from typing import Final

from vallum.guard.exchange import COOKIE, Exchange, current
from vallum.guard.sessions.cookies import CookiePolicy, find_cookie


@dataclass(frozen=True, slots=True)
class BrowserCookie:
    """One cookie, and what stands for it on a developer's plain http."""

    secure: CookiePolicy
    plain: CookiePolicy
    seconds: int | None = None

    def find(self) -> str:
        """What the browser of this request holds; "" if nothing."""
        exchange = current()
        return find_cookie(exchange.found[COOKIE], self._choose(exchange).key) or ""

    def keep(self, value: str) -> None:
        """Have the browser hold `value`."""
        exchange = current()
        exchange.cookies.append(self._choose(exchange).set(value, seconds=self.seconds))

    def drop(self) -> None:
        """Have the browser forget it, if it has it."""
        if self.find():
            exchange = current()
            exchange.cookies.append(self._choose(exchange).expire())

    def _choose(self, exchange: Exchange) -> CookiePolicy:
        return self.secure if exchange.secure or exchange.core.policy.is_production else self.plain


def make_cookie(name: str, *, same_site: str = "Strict", seconds: int | None = None) -> BrowserCookie:
    """The cookie `__Host-NAME`, which no subdomain can set."""
    return BrowserCookie(
        CookiePolicy(name=f"__Host-{name}", same_site=same_site),
        CookiePolicy(name=f"insecure-{name}", same_site=same_site, unsafe_plain_http=True),
        seconds,
    )


HALF: Final = make_cookie("half-login")
DEVICE: Final = make_cookie("device", seconds=90 * 86_400)
ASKED: Final = make_cookie("passkey")
OAUTH: Final = make_cookie("oauth", same_site="Lax")
"""Lax, for the browser comes back from another site."""
