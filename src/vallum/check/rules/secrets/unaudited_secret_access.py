"""Secrets that are fetched without an event, and audit logs that are switched off."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from vallum.check.flow import nodes
from vallum.check.flow.facts import Call, last_word
from vallum.check.flow.scope import Scope
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.readings.logs import is_log
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_FETCHES: Final = (
    "*.get_secret_value", "*.read_secret_version", "*.access_secret_version", "*SecretClient().get_secret",
    "*.kv.v1.read_secret", "*.kv.v2.read_secret", "*.batch_get_secret_value",
)  # fmt: skip
_EVENT: Final = re.compile(r"audit|secret_access|security_event|emit|record_access|secret", re.IGNORECASE)
_EMITS: Final = re.compile(r"^_?(?:audit|record|emit|log_access|log_secret|track)\w*$")
_OFF: Final = re.compile(
    r"^\s*[\"']?(?:IsLogging|enable_logging|enable_log_file_validation|EnableLogFileValidation)[\"']?\s*[:=]\s*[\"']?false\b"
    r"|\bvault\s+audit\s+disable\b",
    re.IGNORECASE,
)
_ON: Final = re.compile(
    r"^\s*[\"']?(?:IsLogging|enable_logging)[\"']?\s*[:=]\s*[\"']?true\b|\bvault\s+audit\s+enable\b"
    r"|resource\s+\"vault_audit\"|AWS::CloudTrail::Trail|google_logging_project_sink",
    re.IGNORECASE,
)
_FILES: Final = ("yaml", "terraform", "shell")
_ATTACK: Final = "Whoever has got into the process takes every secret he can name, and nobody hears of it."
_FIX: Final = "Fetch by one provider that writes name, version, caller and outcome (the guard's SecretVault)."


def examine(project: Project) -> Iterator[Remark]:
    """Look at every call of a secrets manager, and at the switches of audit logs."""
    remarks: list[Remark] = []
    for call in project.calls(*_FETCHES):
        if is_test(call.place.path) or is_document(call.place.path) or not call.arguments:
            continue
        if _writes_event(call, project):
            remarks.append(RULE.site(call.place, "the provider writes an event"))
        elif not _is_wrapper(call, project):
            why = "The manager is asked directly, and no event is written."
            remarks.append(RULE.finding(call.place, _ATTACK, why, fix=_FIX))
    remarks += [*_judge_files(project), *guard_sites(RULE, project, "vallum.guard.secrets.vault.SecretVault")]
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no secrets manager is asked here")


def _writes_event(call: Call, project: Project) -> bool:
    """Whether the function that fetches writes an event, by itself or by a function of its module."""
    if call.function is None:
        return False
    if any(_is_event(inner) for inner in call.function.calls):
        return True
    called = {inner.name for inner in call.function.calls}
    return any(
        function.qualified in called and any(map(_is_event, function.calls))
        for function in project.functions
        if function.module is call.module
    )


def _is_wrapper(call: Call, project: Project) -> bool:
    """Whether the function hands on what it fetched: a provider, whose reads the manager's own log may record."""
    if call.function is None:
        return False
    origins = origins_of(project)
    scope = origins.scope_of(call.function)
    return any(
        node is call.node for value in call.function.returns for node, _ in origins.trace(value.node, scope, _unpacks)
    )


def _unpacks(node: nodes.Call, _scope: Scope) -> bool:
    return last_word(node.function) in {"loads", "decode", "str", "b64decode", "strip"}


def _is_event(call: Call) -> bool:
    return (is_log(call) and _EVENT.search(call.text) is not None) or _EMITS.match(call.method) is not None


def _judge_files(project: Project) -> Iterator[Remark]:
    for source in project.configs(*_FILES):
        if is_test(source.path) or is_document(source.path):
            continue
        place = partial(project.place_in, source)
        for number, line in enumerate(source.lines, 1):
            if _OFF.search(line):
                yield RULE.finding(place(number), _ATTACK, f"{line.strip()}: nothing is recorded.", fix="Switch it on.")
            elif _ON.search(line):
                yield RULE.site(place(number), "the audit log is on")


RULE = Rule(
    slug="unaudited-secret-access",
    control="secret-access-audit",
    languages=("python", *_FILES),
    unit=("access to a secret", "accesses to secrets"),
    sound="audited",
    examine=examine,
)
