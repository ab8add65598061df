"""Two long passwords that begin alike do not open the same account (bcrypt's 72 bytes; CWE-916; ASVS 11.4.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Remark, Silence
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, SignIn
from vallum.probe.identity import FormLogin, JsonLogin
from vallum.probe.operation import Operation
from vallum.probe.surface import Account, Surface

CLAIM: Final = Claim(slug="long-passwords-count-whole", control="password-hashing")
_HEAD: Final = "Tr4in-Blue-" * 6 + "Harbor"
"""72 bytes, all that bcrypt looks at."""
_REGISTER, _RIGHT, _CUT, _PROOF_RIGHT, _PROOF_CUT = "registration", "right", "cut", "right proof", "cut proof"
_BLAME: Final = Blame(
    message="Only the beginning of a password counts, so a long one is far easier to guess than its owner thinks.",
    reason="An account made with one 80-byte password opens with another that shares its first 72 bytes.",
    fix="Hash with Argon2id, or refuse passwords above 72 bytes before bcrypt sees them.",
)


def _ask(surface: Surface) -> Asking:
    account = surface.users[0]
    registration = next(_registrations(surface), None)
    if registration is None or not isinstance(account.identity.login, FormLogin | JsonLogin):
        return
    name = f"{surface.mark}long"
    full, cut = Secret(f"{_HEAD}-one-x81"), Secret(f"{_HEAD}-two-y92")
    hits = {p.key: full for p in registration.parameters if "passw" in p.name.lower() or p.form == "password"}
    shot = surface.aim(registration, "", hits=hits, mark=name, label=_REGISTER)
    if shot is None:
        return
    made = yield replace(shot, session="newcomer")
    if made.answer.status >= 400:
        return
    target = account.proof.target
    for label, password, proof in ((_RIGHT, full, _PROOF_RIGHT), (_CUT, cut, _PROOF_CUT)):
        yield SignIn(identity=account.name, session=label, replace=_fields(account, name, password), label=label)
        yield replace(shot, method="GET", target=target, identity=account.name, session=label, body=None, label=proof)


def _registrations(surface: Surface) -> Iterator[Operation]:
    if surface.writes:
        yield from (op for op in surface.operations if op.is_registration and not op.holes)


def _fields(account: Account, name: str, password: Secret[str]) -> dict[str, str | Secret[str]]:
    login = account.identity.login
    if not isinstance(login, FormLogin | JsonLogin):
        return {}
    user = {key: f"{name}@example.com" if "@" in value else name for key, value in login.fields.items()}
    return {**user, **dict.fromkeys(login.secrets, password)}


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    told = {exchange.shot.label: exchange for exchange in exchanges}
    if _REGISTER not in told:
        yield CLAIM.unproven(Silence.NOTHING_EXAMINED, "no registration was found that the probe may use")
        return
    made = told[_REGISTER]
    if made.answer.status >= 400:
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, f"the registration answered {made.answer.status}")
        return
    account = surface.users[0]
    if not _opened(account, told[_PROOF_RIGHT]):
        yield CLAIM.unproven(Silence.COULD_NOT_LOOK, "the account that was made cannot be logged in to")
    elif _opened(account, told[_PROOF_CUT]):
        yield CLAIM.finding(told[_CUT], _BLAME, shown=told[_PROOF_CUT])
    else:
        yield CLAIM.site(told[_CUT], "80 bytes are compared, not 72")


def _opened(account: Account, exchange: Exchange) -> bool:
    """The proof's needle may be the first user's name; a page that only opens after a login is enough."""
    needle = account.proof.needle
    own = needle.lower() == account.identity.account.lower()
    return exchange.answer.succeeded if own else account.proof.shows_login(exchange.answer)


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("registered account", "registered accounts"),
    sound="comparing long passwords whole",
    ask=_ask,
    judge=_judge,
    users=1,
)
