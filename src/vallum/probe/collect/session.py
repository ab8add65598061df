"""One session of one identity: its cookies, its bearer token, and the CSRF token that it was handed."""

from dataclasses import dataclass, field

from vallum.base.secret import Secret
from vallum.probe.collect.antiforgery import Pass
from vallum.probe.collect.jar import Jar


@dataclass(slots=True, kw_only=True)
class Session:
    """What a browser profile, or an API client, keeps between two requests."""

    jar: Jar
    bearer: Secret[str] | None = None
    passes: dict[str, Pass] = field(default_factory=dict)
    """CSRF tokens by the page that they were found on; an empty name holds the last that was seen anywhere."""
    frozen: Jar | None = None
    """The cookies right after the login."""
    first_bearer: Secret[str] | None = None

    def freeze(self) -> None:
        """Remember the credentials as they are now."""
        self.frozen = self.jar.copy()
        self.first_bearer = self.bearer

    def credential(
        self, target: str, *, frozen: bool = False, extra: tuple[tuple[str, str], ...] = ()
    ) -> tuple[tuple[str, str], ...]:
        """The headers that carry this session, with `extra` cookies in place of its own of the same name."""
        jar = self.frozen if frozen and self.frozen else self.jar
        if extra:
            jar = jar.copy()
        for name, value in extra:
            jar.plant(name, value)
        cookie = jar.header(target)
        headers = [("Cookie", cookie)] if cookie else []
        bearer = self.first_bearer if frozen else self.bearer
        if bearer:
            headers.append(("Authorization", f"Bearer {bearer.reveal()}"))
        return tuple(headers)
