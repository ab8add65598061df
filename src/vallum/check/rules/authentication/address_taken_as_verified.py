"""Addresses that count as verified though nobody proved that he reads their mail."""

import re
from collections.abc import Iterator
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Setting
from vallum.check.project import Project
from vallum.check.read.purpose import is_test
from vallum.check.readings.endpoints import View, find_views, list_views
from vallum.check.readings.handlers import walk_called
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_MARKS: Final = frozenset({
    "email_verified", "is_email_verified", "email_confirmed", "is_verified", "mail_verified", "verified_email",
    "email_is_verified", "address_verified", "is_email_confirmed",
})  # fmt: skip
_CREATES: Final = re.compile(
    r"(?:^|\.)(?:User|Account|Member|Customer|Person|Profile)\w*(?:\(\))?(?:\.|$)|create_user|objects\.create|insert"
)
_STARTS: Final = re.compile(r"(?:^|_)(?:register|registration|sign_?up|create|import_|open|take|update|save|edit)")
_FIXTURE: Final = re.compile(r"seed|fixture|demo|superuser|command|migrat|factory", re.IGNORECASE)
_REQUEST: Final = re.compile(
    r"request\.|\bform\b|\bdata\b|\bpayload\b|\bbody\b|\bprofile\b|model_dump|cleaned_data|\bjson\b"
)
_OWN: Final = re.compile(r"id_?token|userinfo|claims|google|oidc|provider|idinfo", re.IGNORECASE)
_VERIFIES: Final = re.compile(
    r"(?:^|_)(?:verify|confirm|activate)(?:_(?:e_?mail|mail|address|account|link|registration|user))?$"
    r"|e_?mail_(?:verify|verification|confirm)"
)
_VERIFY_PATH: Final = re.compile(r"/(?:verify|confirm|activate)(?:-?(?:email|address|account))?(?:/|$)")
_CONSUMES: Final = re.compile(
    r"\b(?:consume|redeem|use|spend)(?:_\w+)?\(|(?:email_|is_|mail_)?(?:verified|confirmed|is_active|active)\s*=\s*True"
    r"|confirm_(?:address|email|account)|mark_(?:as_)?verified|activate_\w+|set_verified"
)
_ATTACK: Final = "Somebody opens an account with another's address and is believed to be its owner."
_LINK_ATTACK: Final = "Mail scanners open links: they verify an address that its owner never saw."
_FIX: Final = "Begin with False; set it when the link that was sent to the address is consumed."
_LINK_FIX: Final = "Let GET show a button, and consume the token in the POST that it sends."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every place that sets the mark, and at the handlers that verify."""
    seen = False
    for setting in project.settings:
        if setting.key in _MARKS and not is_test(setting.place.path) and setting.form != "default":
            for remark in _judge_mark(setting, project):
                seen = True
                yield remark
    for view in find_views(project, _VERIFIES, _VERIFY_PATH):
        for remark in _judge_view(view, project):
            seen = True
            yield remark
    if not seen and not any(view.takes_post for view in list_views(project)):
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no account is opened here")


def _judge_mark(setting: Setting, project: Project) -> Iterator[Remark]:
    function = next(
        (
            function
            for function in project.functions
            if function.module is setting.module and function.node.line <= setting.node.line <= function.node.end_line
        ),
        None,
    )
    if function is None or _FIXTURE.search(f"{setting.place.path} {function.name}"):
        return
    if setting.constant is False or setting.constant == 0:
        yield RULE.site(setting.place, "begins as not verified")
    elif setting.constant is True and setting.form in {"keyword", "key"} and _CREATES.search(setting.target):
        yield RULE.finding(setting.place, _ATTACK, f"The account is created with {setting.key}=True.", fix=_FIX)
    elif setting.constant is True and setting.form == "attribute" and re.match(r"(?:register|sign_?up)", function.name):
        yield RULE.finding(setting.place, _ATTACK, f"The registration sets {setting.key} itself.", fix=_FIX)
    elif not setting.known and _comes_from_request(setting):
        yield RULE.finding(setting.place, _ATTACK, f"`{setting.text}` is what the client says.", fix=_FIX)


def _comes_from_request(setting: Setting) -> bool:
    is_lookup = isinstance(setting.node, nodes.Call | nodes.Subscript | nodes.Attribute)
    says = "verified" in setting.text or "confirmed" in setting.text
    return is_lookup and says and _REQUEST.search(setting.text) is not None and _OWN.search(setting.text) is None


def _judge_view(view: View, project: Project) -> Iterator[Remark]:
    texts = [function.text.partition("\n")[2] for function in walk_called(view.function, project)]
    consumes = any(_CONSUMES.search(text) for text in texts)
    if not consumes or "password" in view.path or "request.method" in view.function.text:
        return
    if view.takes_get:
        why = f"{view.function.name} answers GET and consumes the link."
        yield RULE.finding(view.function.place, _LINK_ATTACK, why, fix=_LINK_FIX)
    elif view.takes_post:
        yield RULE.site(view.function.place, "consumed by POST")


RULE = Rule(
    slug="address-taken-as-verified",
    control="email-verification",
    languages=("python",),
    unit=("mark of a verified address", "marks of verified addresses"),
    sound="set by a proof",
    examine=examine,
)
