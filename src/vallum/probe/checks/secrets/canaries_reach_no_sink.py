"""A password, a token and a cookie that were sent are in no log, no output, no address, no store (CWE-532, CWE-598)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from vallum.base.secret import Secret
from vallum.findings.finding import Remark
from vallum.probe.check import Asking, Blame, Check, Claim
from vallum.probe.exchange import Exchange, Shot, SignIn, Stir
from vallum.probe.logins import knock, other_doors, wrong_fields
from vallum.probe.loglines import why_unheard, written_lines
from vallum.probe.newcomers import is_password, registration_of
from vallum.probe.starting import open_stage, why_no_stage
from vallum.probe.surface import UNKNOWN, Surface

CLAIM: Final = Claim(slug="canaries-reach-no-sink", control="secrets-not-logged")
_STORES: Final = "stores"
_MESSAGE: Final = "Whoever reads logs, their copies, a history of addresses or a dump has the credentials of users."
_FIX: Final = "Log that a credential was used and never its value; carry secrets in a type whose text form is masked."


def canaries(surface: Surface) -> dict[str, str]:
    """One made-up value for each class of secret, by the name that a finding gives it."""
    return {
        "a password": f"Canary-{surface.mark}-login-pass-7",
        "a bearer token": f"canary{surface.mark}bearer0123456789abcdef",
        "a session cookie": f"canary{surface.mark}cookie0123456789abcdef",
    }


def _ask(surface: Surface) -> Asking:
    """Failed logins at every door, a registration, and a page that is missing, each with canaries; then the stores."""
    stage = yield from open_stage(surface)
    if stage is None:
        return
    said = canaries(surface)
    password = Secret(said["a password"])
    for account in surface.users[:1]:
        fields = wrong_fields(account, mark=surface.mark)
        if fields:
            fields |= {name: password for name, value in fields.items() if isinstance(value, Secret)}
            yield SignIn(identity=account.name, session="sinks", replace=fields, trial=stage, label="a failed login")
        for door in other_doors(surface):
            shot = knock(surface, door, account.identity.account, password)
            if shot:
                yield replace(shot, session="sinks", trial=stage, label="a failed login")
    yield from _register(surface, password, stage)
    yield from _carry(surface, said, stage)
    if stage:
        yield Stir(trial=stage, find=tuple(said.values()), label=_STORES)


def _register(surface: Surface, password: Secret[str], stage: str) -> Asking:
    """With a password that is good, and an address that is none."""
    door = registration_of(surface)
    if door is None:
        return
    hits = {p.key: "no address" if "mail" in p.name.lower() else password for p in door.parameters if _matters(p)}
    shot = surface.aim(door, "", hits=hits, mark=f"{surface.mark}sink", label="a registration")
    if shot:
        yield replace(shot, session="sinks", trial=stage)


def _matters(parameter: object) -> bool:
    return is_password(parameter) or "mail" in str(getattr(parameter, "name", "")).lower()


def _carry(surface: Surface, said: Mapping[str, str], stage: str) -> Asking:
    """Token and cookie where they are let in, and where nothing is."""
    headers = (("Authorization", f"Bearer {said['a bearer token']}"),)
    cookies = tuple((c.name, said["a session cookie"]) for a in surface.users[:1] for c in a.session_cookies)
    proofs = [account.proof.target for account in surface.users[:1]]
    for target in dict.fromkeys(("/", *proofs, f"/{surface.mark}-no-such-page")):
        route = surface.route_of(target) or UNKNOWN
        yield Shot(
            method="GET", target=target, route=route, headers=headers, cookies=cookies, trial=stage, label="a page"
        )


def _judge(surface: Surface, exchanges: Sequence[Exchange]) -> Iterable[Remark]:
    silence = [*why_no_stage(CLAIM, exchanges)]
    if not silence and not any(exchange.shot.label == _STORES for exchange in exchanges):
        silence = [*why_unheard(CLAIM, surface, exchanges)]
    if silence:
        yield from silence
        return
    said = canaries(surface)
    told: set[tuple[str, str, str]] = set()
    for exchange in exchanges:
        if exchange.shot.label == _STORES:
            yield from _judge_stores(exchange, said)
        elif exchange.shot.label and exchange.answer.status:
            found = list(_found(exchange, said))
            for name, sink in found:
                if (exchange.shot.route, name, sink) not in told:
                    told.add((exchange.shot.route, name, sink))
                    reason = f"{exchange.shot.label.capitalize()} leaves {name} in {sink}."
                    yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
            if not found and written_lines(exchange):
                lines = len(written_lines(exchange))
                yield CLAIM.site(exchange, f"{exchange.shot.label}: in none of {lines} lines, nor in the answer")


def _found(exchange: Exchange, said: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    answer = exchange.answer
    for name, word in said.items():
        for line in written_lines(exchange):
            if word in line.text:
                yield name, f"the log ({line.source})"
        if word in answer.header("location"):
            yield name, "the address that it leads to"
        elif word in answer.text:
            yield name, "its answer"


def _judge_stores(exchange: Exchange, said: Mapping[str, str]) -> Iterator[Remark]:
    found = exchange.answer.header_lines("x-found")
    held = [name for name, word in said.items() if word in found]
    for name in held:
        reason = f"The app's database holds {name} as it was sent."
        yield CLAIM.finding(exchange, Blame(message=_MESSAGE, reason=reason, fix=_FIX))
    number = int(exchange.answer.header("x-databases") or 0)
    if number and not held:
        yield CLAIM.site(exchange, f"{number} databases hold none of {len(said)} canaries")


CHECK: Final = Check(
    claim=CLAIM.slug,
    control=CLAIM.control,
    unit=("sink searched", "sinks searched"),
    sound="without a canary",
    ask=_ask,
    judge=_judge,
)
