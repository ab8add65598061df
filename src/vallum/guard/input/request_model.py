"""The base of request models: strict types, no unknown field, no privileged field, frozen (CWE-915, ASVS 15.3.3).

    class Profile(RequestModel):
        bio: PlainText
        website: HttpsUrl | None = None

    profile = load_json(request_body, Profile)

A field such as `role` in such a class is a `ConfigError` when the module is imported. An administrator's command that
really sets one says so: `class SetRole(RequestModel, unsafe_writable={"role"})`.
"""

import re
from collections.abc import Collection
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from vallum.base.errors import ConfigError

KEEPS: Final = ("mass-assignment", "strict-types")
_SEPARATORS: Final = re.compile(r"[^a-z0-9]")
PRIVILEGED: Final = frozenset({
    "admin", "balance", "createdat", "createdby", "credit", "disabled", "emailproved", "emailverified", "group",
    "groupid", "groups", "id", "isactive", "isadmin", "isapproved", "isstaff", "issuperuser", "isverified", "owner",
    "ownerid", "passwordhash", "permission", "permissions", "role", "roleid", "roles", "scope", "scopes", "staff",
    "superuser", "tenant", "tenantid", "verified",
})  # fmt: skip
"""Names of what the server alone decides, without case and separators: `is_admin` and `isAdmin` alike."""


class RequestModel(BaseModel):
    """A pydantic model for what comes from outside. Instances cannot be changed; errors do not show the input."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        revalidate_instances="always",
    )

    def __init_subclass__(cls, *, unsafe_writable: Collection[str] = (), **options: Any) -> None:
        """Take the names that an administrator's command may set; they are looked at below."""
        super().__init_subclass__(**options)

    @classmethod
    def __pydantic_init_subclass__(cls, *, unsafe_writable: Collection[str] = (), **options: Any) -> None:
        """Refuse privileged fields when the class is made, under their own names and under aliases."""
        super().__pydantic_init_subclass__(**options)
        config = cls.model_config
        if config.get("extra") != "forbid" or not config.get("strict"):
            raise ConfigError(
                f"{cls.__name__} loosens the rules of a request model.",
                hint='Leave extra="forbid" and strict=True as they are.',
                code="request-model",
            )
        allowed = {_plain(name) for name in unsafe_writable}
        for name, field in cls.model_fields.items():
            for shown in {name, field.alias, field.validation_alias}:
                if isinstance(shown, str) and _plain(shown) in PRIVILEGED - allowed:
                    raise ConfigError(
                        f"{cls.__name__}.{name} would let a client set what the server decides.",
                        hint=f"Set it in the server, or name it: unsafe_writable={{{name!r}}}.",
                        code="privileged-field",
                    )


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name.lower())
