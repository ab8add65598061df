"""Secrets without an owner, an age or a job that replaces them, and programs that can hold one value only."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import yaml

from vallum.check.flow import nodes
from vallum.check.judging import guard_sites
from vallum.check.project import Project
from vallum.check.read.purpose import is_document, is_test
from vallum.check.read.source import Source
from vallum.check.readings.origins import origins_of
from vallum.check.rule import Rule
from vallum.findings.finding import Remark, Silence

_SIGNERS: Final = tuple(
    f"itsdangerous.{name}"
    for name in ("URLSafeTimedSerializer", "URLSafeSerializer", "TimestampSigner", "Signer", "TimedSerializer")
)
_LONGEST: Final = 365
_FIELDS: Final = frozenset({"owner", "created", "max_age", "max_age_days", "rotation", "rotated", "last_rotated"})
_ATTACK: Final = "A secret that leaked last year still opens the door, and nobody feels called to change it."
_OVERLAP: Final = "The day the key is changed, every value signed before is refused; so it is never changed."
_FIX: Final = "owner, created, max_age_days and rotation for each entry."
_TERRAFORM: Final = re.compile(r'^\s*resource\s+"(?P<type>aws_secretsmanager_secret|google_secret_manager_secret)"\s+"')
_ROTATES: Final = {
    "aws_secretsmanager_secret": "aws_secretsmanager_secret_rotation",
    "google_secret_manager_secret": "rotation_period",
}
_PERIOD: Final = re.compile(r"^\s*(?:rotation_period|AutomaticallyAfterDays|automatically_after_days|rotation_days)\b")
_CLOUD: Final = re.compile(r"^\s*Type:\s*[\"']?AWS::SecretsManager::Secret[\"']?\s*$")


def examine(project: Project) -> Iterator[Remark]:
    """Look at inventories, infrastructure code and signers."""
    remarks = [*_judge_inventories(project), *_judge_infrastructure(project), *_judge_signers(project)]
    remarks += [
        RULE.site(setting.place, "old keys stay readable")
        for setting in project.settings
        if setting.key == "SECRET_KEY_FALLBACKS"
    ]
    remarks += guard_sites(RULE, project, "vallum.guard.secrets.vault.SecretVault", "*SecretVault().keys")
    yield from remarks
    if not remarks:
        yield RULE.silence(Silence.DOES_NOT_APPLY, "no inventory of secrets and no managed secret is in sight")


def _judge_inventories(project: Project) -> Iterator[Remark]:
    for source in project.configs("yaml"):
        if "secrets:" not in source.text or is_test(source.path):
            continue
        for line, entry in _entries(source):
            place = project.place_in(source, line)
            why = _gaps(entry, project.today)
            if why:
                yield RULE.finding(place, _ATTACK, why, fix=_FIX)
            else:
                yield RULE.site(place, "owned, dated and rotated")


def _entries(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    """The entries of a list `secrets:` whose entries are about age, each with its line."""
    try:
        root = yaml.compose(source.text, Loader=yaml.SafeLoader)
        table = yaml.safe_load(source.text)
    except yaml.YAMLError:
        return
    if not isinstance(table, dict) or not isinstance(root, yaml.MappingNode):
        return
    listed = table.get("secrets")
    node = next((value for key, value in root.value if key.value == "secrets"), None)
    if not isinstance(listed, list) or not isinstance(node, yaml.SequenceNode):
        return
    if not any(isinstance(entry, dict) and _FIELDS & set(entry) for entry in listed):
        return
    for entry, place in zip(listed, node.value, strict=True):
        if isinstance(entry, dict):
            yield place.start_mark.line + 1, entry


def _gaps(entry: dict[str, Any], today: date) -> str:
    age = entry.get("max_age_days", entry.get("max_age"))
    missing = [
        name for name in ("owner", "created") if not (entry.get(name) or (name == "created" and entry.get("rotated")))
    ]
    if age is None:
        missing.append("max_age_days")
    if str(entry.get("rotation") or "manual").lower() in {"manual", "none", "never", "false"}:
        missing.append("an automatic rotation")
    if missing:
        return f"The entry has no {', no '.join(missing)}."
    days = int(str(age)) if str(age).isdigit() else 0
    if days > _LONGEST:
        return f"{days} days are more than a year."
    made = entry.get("last_rotated") or entry.get("rotated") or entry.get("created")
    if isinstance(made, date) and days and (today - made).days > days:
        return f"It was due {(today - made).days - days} days ago."
    return ""


def _judge_infrastructure(project: Project) -> Iterator[Remark]:
    terraform = "\n".join(source.text for source in project.configs("terraform"))
    for source in project.configs("yaml", "terraform"):
        if is_test(source.path) or is_document(source.path):
            continue
        for number, line in enumerate(source.lines, 1):
            resource = _TERRAFORM.match(line) if source.kind == "terraform" else None
            if resource or _CLOUD.match(line):
                need = _ROTATES[resource["type"]] if resource else "AWS::SecretsManager::RotationSchedule"
                place = project.place_in(source, number)
                if need in (terraform if resource else source.text):
                    yield RULE.site(place, "with a schedule")
                else:
                    yield RULE.finding(place, _ATTACK, "No schedule replaces this secret.", fix=f"Add {need}.")
            elif _PERIOD.match(line):
                yield RULE.site(project.place_in(source, number), "rotates by itself")


def _judge_signers(project: Project) -> Iterator[Remark]:
    origins = origins_of(project)
    for call in project.calls(*_SIGNERS):
        key = call.argument(0, "secret_key")
        if key is None or is_test(call.place.path):
            continue
        kinds = [node for node, _ in origins.trace(key.node, origins.scope_at(call), lambda *_: False)]
        if any(isinstance(node, nodes.Items | nodes.Comprehension) for node in kinds):
            yield RULE.site(call.place, "a list of keys")
        elif any(isinstance(node, nodes.Subscript) and "environ" in call.module.text_of(node) for node in kinds):
            fix = "Pass a list: [previous, current]; the last one signs."
            yield RULE.finding(call.place, _OVERLAP, "The signer holds one key only.", fix=fix)


RULE = Rule(
    slug="secret-without-rotation",
    control="secret-rotation",
    languages=("python", "yaml", "terraform"),
    unit=("secret or signer", "secrets and signers"),
    sound="rotated",
    examine=examine,
)
