"""From the settings of an identity to one that can log in; its secrets come from the environment alone."""

from collections.abc import Mapping, MutableMapping

from vallum.audit.settings import IdentitySettings, KeySettings
from vallum.base.errors import ConfigError
from vallum.base.randomness import token
from vallum.base.secret import Secret
from vallum.probe.identity import BearerToken, FormLogin, Identity, JsonLogin, Login, RouteKey, SessionCookie


def make_identity(settings: IdentitySettings, environment: MutableMapping[str, str], *, in_process: bool) -> Identity:
    """Build the identity that `settings` describes.

    A variable that is not set gets a fresh random value when the settings say `generate` and the app is yet to be
    loaded in this process. Raises `ConfigError` that names the variable, never a value.
    """
    secrets = {
        field: Secret(_read(variable, f'identity "{settings.name}"', settings.generate and in_process, environment))
        for field, variable in settings.secrets.items()
    }
    return Identity(name=settings.name, role=settings.role, proof=settings.proof, login=_login(settings, secrets))


def make_key(settings: KeySettings, environment: MutableMapping[str, str], *, in_process: bool) -> RouteKey:
    """Build the key of a service, as `make_identity` builds an identity."""
    value = _read(settings.secret, f'key of "{settings.path}"', settings.generate and in_process, environment)
    return RouteKey(path=settings.path, header=settings.header, value=Secret(value))


def _read(variable: str, whose: str, generate: bool, environment: MutableMapping[str, str]) -> str:
    if not environment.get(variable) and generate:
        environment[variable] = token()
    value = environment.get(variable)
    if not value:
        raise ConfigError(
            f"The {whose} needs the environment variable {variable}, which is not set.",
            hint=f"Set it, or set generate = true there when the app seeds its users from {variable}.",
            code="identity-secret",
        )
    return value


def _login(settings: IdentitySettings, secrets: Mapping[str, Secret[str]]) -> Login:
    match settings.kind:
        case "json":
            return JsonLogin(path=settings.path, fields=settings.fields, secrets=secrets, token=settings.token)
        case "bearer":
            return BearerToken(token=next(iter(secrets.values())))
        case "cookie":
            name, value = next(iter(secrets.items()))
            return SessionCookie(name=name, value=value)
    return FormLogin(path=settings.path, fields=settings.fields, secrets=secrets)
