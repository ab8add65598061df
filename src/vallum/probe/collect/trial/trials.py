"""The trials of one check: started when it asks, ended when it is done."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from vallum.probe.collect.budget import Budget
from vallum.probe.collect.collector import Collector
from vallum.probe.collect.provider.server import LoopbackProvider
from vallum.probe.collect.trial.client import Trial
from vallum.probe.exchange import Answer, Consent, Exchange, Launch, Recall, Shot, Stir

_COMMAND: Final = "python -c \"from importlib import import_module; import_module('{module}').{name}\""


_LOOPBACK: Final = "127.0.0.1,localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The variables that the policy gives."""

    production: Mapping[str, str] = field(default_factory=dict)
    """For a start as production."""
    provider: Mapping[str, str] = field(default_factory=dict)
    """To learn of the OpenID provider that the probe plays."""


class Trials:
    """Opens, changes and closes trials by their names."""

    def __init__(self, target: str, base: str, budget: Budget, timeout: float, told: Told) -> None:
        """Take the app's name, and the variables for its starts."""
        self._target = target
        self._base = base
        self._budget = budget
        self._timeout = timeout
        self._told = told
        self._providers: dict[str, LoopbackProvider] = {}
        self._open: dict[str, tuple[Trial, Collector]] = {}
        self._shared: dict[str, Exchange] = {}

    def collector(self, name: str) -> Collector | None:
        """Who carries requests to this trial; None when it was not started, or did not start."""
        return self._open[name][1] if name in self._open else None

    def arrange(self, wanted: Launch | Stir | Consent | Recall) -> Exchange:
        """Do what a check asks for beyond requests."""
        if isinstance(wanted, Launch):
            return self.launch(wanted)
        return self.stir(wanted) if isinstance(wanted, Stir) else self.consult(wanted)

    def consult(self, wanted: Consent | Recall) -> Exchange:
        """Have the provider of a trial let a user in, or tell what it was asked."""
        shot = Shot(method="ASK", target="/", label=wanted.label, trial=wanted.trial)
        provider = self._providers.get(wanted.trial)
        if provider is None:
            return Exchange(shot=shot, answer=Answer(status=0, fault="there is no provider"), base=self._base)
        if isinstance(wanted, Consent):
            headers = (("location", provider.consent(wanted)),)
            return Exchange(shot=shot, answer=Answer(status=302, headers=headers), base=self._base)
        told = json.dumps(provider.recall(end=wanted.end)).encode()
        return Exchange(shot=shot, answer=Answer(status=200, body=told), base=self._base)

    def launch(self, wanted: Launch) -> Exchange:
        """Start the app anew; a trial of the same name ends, unless it may be shared and runs."""
        if wanted.shared and wanted.trial in self._shared:
            return self._shared[wanted.trial]
        self._end(wanted.trial)
        self._budget.spend()
        changes = self._changes(wanted)
        trial = Trial(self._target, self._base, changes)
        if trial.started.status:
            self._open[wanted.trial] = (trial, Collector(trial, self._budget, self._timeout))
        else:
            trial.close()
        shot = Shot(
            method="START", target="/", route="/", label=wanted.label, trial=wanted.trial, shown=_describe(wanted)
        )
        exchange = Exchange(shot=shot, answer=trial.started, curl=self._command(changes), base=self._base)
        if wanted.shared:
            self._shared[wanted.trial] = exchange
        return exchange

    def stir(self, wanted: Stir) -> Exchange:
        """Change the world of a trial."""
        shot = Shot(method="WAIT", target="/", label=wanted.label, trial=wanted.trial)
        if wanted.trial not in self._open:
            return Exchange(shot=shot, answer=Answer(status=0), base=self._base)
        told = self._open[wanted.trial][0].stir(wanted.seconds, wanted.down, wanted.find)
        if wanted.trial in self._providers:
            self._providers[wanted.trial].advance(wanted.seconds)
        headers = (("x-now", str(told["now"])), ("x-databases", str(told["databases"])))
        headers += tuple(("x-found", text) for text in told["found"])
        answer = Answer(status=200, headers=headers, body=str(told["failed"]).encode())
        return Exchange(shot=shot, answer=answer, base=self._base)

    def settle(self) -> None:
        """End those that belong to one claim."""
        for name in [name for name in self._open if name not in self._shared]:
            self._end(name)

    def close(self) -> None:
        """End all of them."""
        for name in {*self._open, *self._providers}:
            self._end(name)

    def _changes(self, wanted: Launch) -> dict[str, str | None]:
        told: dict[str, str | None] = dict(self._told.production) if wanted.production else {}
        if wanted.provider:
            provider = self._providers[wanted.trial] = LoopbackProvider()
            told |= {"no_proxy": _LOOPBACK, "NO_PROXY": _LOOPBACK}
            told |= {name: provider.fill(value) for name, value in self._told.provider.items()}
        return {**told, **wanted.environment}

    def _end(self, name: str) -> None:
        self._shared.pop(name, None)
        if name in self._open:
            self._open.pop(name)[0].close()
        if name in self._providers:
            self._providers.pop(name).close()

    def _command(self, changes: Mapping[str, str | None]) -> str:
        module, _, name = self._target.partition(":")
        words = [f"-u {key}" if value is None else f"{key}={shlex.quote(value)}" for key, value in changes.items()]
        unset = [word for word in words if word.startswith("-u ")]
        given = [word for word in words if not word.startswith("-u ")]
        return " ".join(["env", *unset, *given, _COMMAND.format(module=module, name=name)])


def _describe(wanted: Launch) -> str:
    """What is special about this start; the whole of it stands in its command line."""
    how = "as production" if wanted.production else "anew"
    changes = ", ".join(_tell(*pair) for pair in wanted.environment.items())
    return f"{how} with {changes}" if changes else how


def _tell(name: str, value: str | None) -> str:
    return f"no {name}" if value is None else f"{name}={value}"
