"""Honest requests are built from what is known."""

from dataclasses import replace

import pytest

from vallum.base.secret import Secret
from vallum.probe.exchange import Answer, Exchange, FormBody, JsonBody, MultipartBody, Shot
from vallum.probe.identity import BearerToken, FormLogin, Identity
from vallum.probe.operation import In, Operation, Parameter, Slot
from vallum.probe.surface import BEARER, UNKNOWN, Account, Encoded, Proof, Surface
from vallum.probe.values import Held

ID = Parameter(name="note_id", place=In.PATH)
Q = Parameter(name="q", place=In.QUERY)
READ = Operation(method="GET", template="/notes/{note_id}", parameters=(ID, Q))
CHANGE = Operation(
    method="POST", template="/notes/{note_id}", parameters=(ID, Parameter(name="title", place=In.FORM)), media="form"
)
PROFILE = Operation(
    method="POST",
    template="/profile",
    parameters=(
        Parameter(name="email", place=In.FORM, form="email"),
        Parameter(name="bio", place=In.FORM),
        Parameter(name="version", place=In.FORM, form="hidden", value="0"),
    ),
    media="form",
    page="/profile",
)
ANN, BEN = (
    Account(
        identity=Identity(name=name, login=FormLogin(fields={"user": name}, secrets={"password": Secret("x")})),
        proof=Proof(target="/me", needle="Log out"),
    )
    for name in ("ann", "ben")
)
BASE = Surface(
    base="https://shop.example",
    operations=(READ, CHANGE, PROFILE),
    accounts=(ANN, BEN),
    ids=(Held(identity="ann", prefix="/notes", key="id", value="7 8"),),
    mark="mark12",
)


def test_hole_is_filled_and_encoded():
    assert BASE.aim(READ, "ann").target == "/notes/7%208"
    assert BASE.aim(READ, "ben") is None


def test_hits_are_encoded_and_encoded_ones_are_not():
    hits = {Q.key: "' &=", ID.key: Encoded("%2e%2e%2f")}
    assert BASE.aim(READ, "ann", hits=hits).target == "/notes/%2e%2e%2f?q=%27+%26%3D"
    assert BASE.aim(READ, "ann", hits={Q.key: Encoded("%00")}).target == "/notes/7%208?q=%00"


def test_only_what_the_probe_made_is_changed():
    assert BASE.aim(CHANGE, "ann") is None
    made = replace(BASE, ids=(*BASE.ids, Held(identity="ann", prefix="/notes", key="id", value="9", made=True)))
    assert made.aim(CHANGE, "ann").target == "/notes/9"
    assert made.aim(CHANGE, "ann").body == FormBody((("title", "mark12"),))


def page_of(name, text):
    answer = Answer(status=200, headers=(("content-type", "text/html"),), body=text.encode())
    return Exchange(shot=Shot(method="GET", target="/profile", route="/profile", identity=name), answer=answer)


def test_fields_by_which_an_account_is_found_are_left_as_they_are():
    fields = '<input name=email value="{0}@x.example"><input name=version value="{0}"><input name=bio value=old>'
    form = f"<form>{fields}</form>"
    surface = replace(BASE, exchanges=(page_of("ann", form.format("ann")), page_of("ben", form.format("ben"))))
    sent = dict(surface.aim(PROFILE, "ben").body.fields)
    assert sent == {"email": "ben@x.example", "bio": "mark12", "version": "ben"}
    assert surface.names_account(PROFILE, PROFILE.parameters[0], "ben")
    assert not surface.names_account(PROFILE, PROFILE.parameters[1], "ben")
    assert not surface.names_account(READ, PROFILE.parameters[0], "ben")


def test_field_for_somebody_else_names_the_other_user():
    share = Operation(
        method="POST", template="/share", parameters=(Parameter(name="username", place=In.FORM),), media="form"
    )
    assert dict(BASE.aim(share, "ann").body.fields) == {"username": "ben"}


def test_kinds_of_body():
    json_op = Operation(
        method="PUT", template="/a", parameters=(Parameter(name="n", place=In.JSON, kind="integer"),), media="json"
    )
    upload = Operation(method="POST", template="/b", parameters=(Parameter(name="f", place=In.FILE, kind="file"),))
    truth = Parameter(name="on", place=In.FORM, kind="boolean")
    assert BASE.aim(json_op).body == JsonBody({"n": 1})
    body = BASE.aim(upload).body
    assert isinstance(body, MultipartBody)
    assert body.files[0].content.startswith(b"\x89PNG")
    assert BASE.aim(replace(CHANGE, template="/c", parameters=(truth,))).body == FormBody((("on", "true"),))
    assert BASE.aim(replace(CHANGE, template="/c", parameters=(truth,)), hits={truth.key: False}).body.fields == (
        ("on", ""),
    )
    assert BASE.aim(replace(CHANGE, template="/c", parameters=(), media="")).body is None


def test_bearer_routes_use_the_token():
    surface = replace(BASE, bearer_routes=frozenset({"/notes/{note_id}"}))
    assert surface.aim(READ, "ann").session == BEARER
    assert BASE.aim(READ, "ann").session == ""


@pytest.mark.parametrize(
    ("status", "location", "away"),
    [(401, "", True), (403, "", True), (303, "/login?next=/", True), (303, "/notes", False), (200, "", False)],
)
def test_who_is_sent_away(status, location, away):
    headers = (("location", location),) if location else ()
    assert BASE.sends_away(Answer(status=status, headers=headers)) is away


def met(operation, name, status):
    shot = Shot(method=operation.method, target="/x", route=operation.template, identity=name)
    return Exchange(shot=shot, answer=Answer(status=status))


def test_actor_is_the_first_user_that_is_let_in():
    assert BASE.actor(READ) is None
    assert replace(BASE, exchanges=(met(READ, "ann", 401), met(READ, "ben", 200))).actor(READ) == "ben"
    assert replace(BASE, exchanges=(met(READ, "ann", 404), met(READ, "", 200))).actor(READ) == ""
    assert replace(BASE, exchanges=(met(READ, "ann", 422),)).actor(READ) == "ann"


def test_slots_leave_perilous_operations_alone():
    wipe = Operation(method="POST", template="/wipe", parameters=(Q,))
    login = Operation(method="POST", template="/login", parameters=(Parameter(name="password", place=In.FORM),))
    surface = replace(BASE, operations=(READ, CHANGE, wipe, login))
    assert [str(slot) for slot in surface.slots(In.QUERY)] == ["GET /notes/{note_id}, query q"]
    assert Slot(CHANGE, CHANGE.parameters[1]) in list(surface.slots())
    assert Slot(CHANGE, CHANGE.parameters[1]) not in list(replace(surface, writes=False).slots())


def test_mending_sends_something_honest_where_it_stays():
    assert BASE.mend(Shot(method="POST", target="/profile", route="/profile", identity="ann")).label == "mend"
    assert BASE.mend(Shot(method="POST", target="/notes/7", route="/notes/{note_id}")) is None
    assert BASE.mend(Shot(method="GET", target="/", route="/")) is None


def test_route_of_a_target():
    assert BASE.route_of("/notes/9?x") == "/notes/{note_id}"
    assert BASE.route_of("/profile/") == "/profile"
    assert BASE.route_of("/no/such/page") == UNKNOWN


def test_identity_of_a_token_is_its_own_name():
    assert Identity(name="bot", login=BearerToken(token=Secret("x"))).account == "bot"
    assert ANN.identity.account == "ann"
    assert BASE.host == "shop.example"
    assert BASE.account("nobody") is None
