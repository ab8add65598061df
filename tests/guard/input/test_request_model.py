import pytest
from pydantic import ConfigDict, Field, ValidationError

from vallum.base.errors import ConfigError
from vallum.guard.input.fields import PlainText, Username
from vallum.guard.input.loaders import load_json
from vallum.guard.input.models import InputRefusedError
from vallum.guard.input.request_model import RequestModel


class Profile(RequestModel):
    name: Username
    bio: PlainText = ""
    public: bool = False
    age: int | None = None
    score: float = 0.0


@pytest.mark.parametrize(
    "body",
    [
        b'{"name": "alice", "role": "admin"}',
        b'{"name": "alice", "isAdmin": true}',
        b'{"name": "alice", "public": 1}',
        b'{"name": "alice", "public": "true"}',
        b'{"name": "alice", "age": "7"}',
        b'{"name": "alice", "age": true}',
        b'{"name": "alice", "age": 7.0}',
        b'{"name": 7}',
        b'{"name": {"$ne": null}}',
        b'{"name": "alice", "name": "root"}',
        b'{"name": "alice", "score": NaN}',
        b'{"name": "alice", "score": 1e999}',
        b'{"bio": "no name"}',
        b"[]",
        b"null",
    ],
)
def test_a_body_that_does_not_fit_is_refused_without_an_echo(body):
    with pytest.raises(InputRefusedError) as caught:
        load_json(body, Profile)
    assert "alice" not in str(caught.value)


def test_a_fitting_body_is_a_frozen_object():
    profile = load_json(b'{"name": "alice", "public": true, "age": 7}', Profile)
    assert (profile.name, profile.public, profile.age) == ("alice", True, 7)
    with pytest.raises(ValidationError):
        profile.name = "bob"


def test_errors_hide_the_input():
    with pytest.raises(ValidationError) as caught:
        Profile.model_validate({"name": "secret value"})
    assert "secret value" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["role", "is_admin", "isAdmin", "owner_id", "id", "permissions", "tenantId", "verified"]
)
def test_a_privileged_field_cannot_be_declared(name):
    with pytest.raises(ConfigError, match="server decides"):
        type("Wrong", (RequestModel,), {"__annotations__": {name: str}, "__module__": __name__})


def test_an_alias_does_not_hide_it():
    with pytest.raises(ConfigError, match="server decides"):
        type(
            "Wrong",
            (RequestModel,),
            {"__annotations__": {"kind": str}, "kind": Field(alias="ROLE"), "__module__": __name__},
        )


def test_an_administrators_command_names_it():
    class SetRole(RequestModel, unsafe_writable={"role"}):
        role: str

    assert SetRole(role="editor").role == "editor"


@pytest.mark.parametrize("loose", [ConfigDict(extra="allow"), ConfigDict(extra="ignore"), ConfigDict(strict=False)])
def test_the_rules_cannot_be_loosened(loose):
    with pytest.raises(ConfigError, match="loosens"):
        type("Loose", (RequestModel,), {"model_config": loose, "__module__": __name__})
