"""The session cookie travels only over TLS, is out of reach of scripts, and stays on this host (ASVS 3.3)."""

from collections.abc import Iterable, Sequence
from typing import Final

from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Blame, Check, Claim
from vallum.probe.exchange import Exchange
from vallum.probe.read.cookie import SetCookie
from vallum.probe.surface import Surface

CLAIM: Final = Claim(slug="session-cookie-is-locked", control="session-cookie-flags")
_FIX: Final = "Set it as `__Host-session=...; Secure; HttpOnly; SameSite=Strict; Path=/`, without Domain."


def _judge(surface: Surface, _exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    logins = [(account, account.login) for account in surface.accounts if account.login]
    told: set[tuple[str, str]] = set()
    for account, login in logins:
        for cookie in account.session_cookies:
            faults = list(_faults(cookie))
            for message, reason in faults:
                if (cookie.name, reason) in told:
                    continue
                told.add((cookie.name, reason))
                blame = Blame(message=message, reason=reason, fix=_FIX)
                yield CLAIM.finding(login, blame, seen=(f"Set-Cookie: {cookie.describe()}",))
            if not faults:
                yield CLAIM.site(login, f"cookie {cookie.describe()}")
    if logins and not any(account.session_cookies for account, _ in logins):
        yield CLAIM.unproven(Silence.DOES_NOT_APPLY, "the logins set no session cookie")


def _faults(cookie: SetCookie) -> Iterable[tuple[str, str]]:
    if not cookie.secure:
        yield "An attacker on the network can read the session from a plain HTTP request.", "Secure is missing."
    if not cookie.http_only:
        yield "A script that gets into any page can read the session and send it away.", "HttpOnly is missing."
    if cookie.same_site not in ("strict", "lax"):
        told = "is None" if cookie.same_site == "none" else "is missing"
        yield "A foreign site can make the browser act with this session.", f"SameSite {told}."
    if cookie.domain:
        yield "Every subdomain gets the session, also one that an attacker holds.", f"Domain is {cookie.domain}."
    elif cookie.path != "/":
        yield "The cookie can be shadowed by another of the same name.", f"Path is {cookie.path or 'missing'}, not /."
    if not cookie.domain and not cookie.name.lower().startswith("__host-"):
        yield (
            "A subdomain can plant a session cookie of this name.",
            f"{cookie.name} lacks the __Host- prefix.",
        )


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("session cookie", "session cookies"),
    sound="Secure, HttpOnly, SameSite, __Host-",
    judge=_judge,
    users=1,
    idle="no login was made by the probe",
)
