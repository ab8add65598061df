"""A control as a SARIF rule, with help from its page and the tags that code scanning reads."""

import re
from typing import Any, Final

from vallum.base.errors import VallumError
from vallum.catalogue.control import Control, Severity
from vallum.catalogue.registry import find_page
from vallum.findings.summary import plain
from vallum.findings.verdict import Verdict

LEVELS: Final = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES: Final = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}
"""GitHub's `security-severity`: critical over 9.0, high from 7.0, medium from 4.0, low below."""
_HELP: Final = ("Promise", "Why", "Secure", "Known gaps")
_PLACEHOLDER: Final = re.compile(r"\{(\d+)\}")


def message(text: str) -> dict[str, str]:
    """A plain-text message in which nothing is taken for a placeholder or a link (sections 3.11.5 and 3.11.6)."""
    return {"text": _PLACEHOLDER.sub(r"{{\1}}", plain(text)).replace("](", "] (")}


def describe_rule(verdict: Verdict) -> dict[str, Any]:
    """The reporting descriptor of a control. Only broken controls carry help, so that the log stays small."""
    control = verdict.control
    rule: dict[str, Any] = {
        "id": control.id,
        "shortDescription": {"text": control.title},
        "fullDescription": {"text": control.title},
        "defaultConfiguration": {"level": LEVELS[control.severity]},
        "properties": {
            "tags": _tags(control),
            "precision": "high",
            "security-severity": SCORES[control.severity],
        },
    }
    if verdict.findings:
        rule["help"] = _help(control)
    return rule


def _tags(control: Control) -> list[str]:
    tags = ["security", control.id, control.area]
    tags += [f"external/cwe/cwe-{number}" for number in control.cwe]
    tags += [f"owasp-2025/{category}" for category in control.owasp]
    return list(dict.fromkeys(tags + [f"asvs/{requirement}" for requirement in control.asvs]))


def _help(control: Control) -> dict[str, str]:
    """The page's sections; the title alone for a control without a page or with an empty one."""
    try:
        sections = find_page(control.id).sections
    except VallumError:
        sections = {}
    parts = [f"## {title}\n\n{sections[title]}" for title in _HELP if sections.get(title)]
    return {
        "text": sections.get("Promise") or control.title,
        "markdown": "\n\n".join([f"# {control.title}", *parts, f"`vallum explain {control.id}`"]),
    }
