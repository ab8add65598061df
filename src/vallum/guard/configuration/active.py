"""Which guards are active in this process: controls with their modules, and the layers against each class of attack.

    report = report_guards(guard.policy)
    report.controls["csrf"]             ("vallum.guard.sessions.csrf",)
    report.shallow                      the classes of attacks with fewer than two layers

A block counts once the app has loaded it. Whether each handler uses it is seen by the check and the probe.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vallum.guard.layers import Layer

if TYPE_CHECKING:
    from vallum.guard.policy import GuardPolicy

KEEPS: Final = ("secure-by-design",)

Ask = Callable[["GuardPolicy"], bool]
_PACKAGE: Final = "vallum.guard."
_TWO: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Defence:
    """A class of attacks, and the independent layers that stand against it."""

    attack: str
    layers: tuple[str, ...]

    @property
    def is_deep(self) -> bool:
        """Whether the attack is still refused when any one layer fails."""
        return len(self.layers) >= _TWO


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardReport:
    """`controls`: id of the control to the modules that keep it; `without`: the layers that a test has taken away."""

    controls: Mapping[str, tuple[str, ...]]
    defences: tuple[Defence, ...]
    without: tuple[str, ...]

    @property
    def shallow(self) -> tuple[str, ...]:
        """The classes of attacks that one failure lets through."""
        return tuple(defence.attack for defence in self.defences if not defence.is_deep)


def report_guards(policy: "GuardPolicy") -> GuardReport:
    """Tell what is active under `policy` in this process."""
    found: dict[str, list[str]] = {}
    for name in sorted(name for name in sys.modules if name.startswith(_PACKAGE)):
        for control in getattr(sys.modules[name], "KEEPS", ()):
            found.setdefault(control, []).append(name)
    return GuardReport(
        controls={control: tuple(found[control]) for control in sorted(found)},
        defences=tuple(
            Defence(attack=attack, layers=tuple(name for name, is_active in layers.items() if is_active(policy)))
            for attack, layers in _DEFENCES.items()
        ),
        without=tuple(sorted(layer.value for layer in policy.unsafe_without)),
    )


def _always(_: "GuardPolicy") -> bool:
    return True


def _on(layer: Layer) -> Ask:
    return lambda policy: layer not in policy.unsafe_without


def _loaded(*names: str) -> Ask:
    return lambda _: any(f"{_PACKAGE}{name}" in sys.modules for name in names)


_DEFENCES: Final[Mapping[str, Mapping[str, Ask]]] = {
    "injection": {
        "values by rules": _loaded("input.fields", "input.request_model", "input.checked_request"),
        "bound parameters": _loaded("data.queries", "data.document_filters"),
        "least privilege in the database": _loaded("configuration.database_grants"),
    },
    "cross-site scripting": {
        "escaping": _loaded("output.templates", "output.html", "frameworks.jinja"),
        "Content Security Policy": _on(Layer.CONTENT_SECURITY_POLICY),
        "HttpOnly session cookie": _always,
    },
    "framing": {
        "frame-ancestors": _on(Layer.CONTENT_SECURITY_POLICY),
        "X-Frame-Options": _on(Layer.FRAME_OPTIONS),
    },
    "access bypass": {
        "declared routes": _on(Layer.PERMISSIONS),
        "decision for the object": _loaded("authorization.ownership", "authorization.policy.decisions"),
    },
    "cross-site requests": {
        "Fetch Metadata and Origin": _on(Layer.CSRF_EVIDENCE),
        "token": _on(Layer.CSRF_TOKEN),
        "SameSite session cookie": _always,
    },
    "leak of a secret": {
        "generic errors": _always,
        "redacted logs": _always,
        "values that do not print": _loaded("secrets.vault", "secrets.settings", "configuration.settings"),
    },
    "abuse of uploads": {
        "type by content and name": _loaded("files.uploads"),
        "images made anew": _loaded("files.images"),
        "nosniff": _on(Layer.NOSNIFF),
        "limits of the body": _always,
    },
}
