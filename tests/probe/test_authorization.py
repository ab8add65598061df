"""Who may do what: judged on answers, and seen in apps that get it wrong in other ways."""

import pytest

from vallum.base.secret import Secret
from vallum.findings.finding import Confidence
from vallum.probe.exchange import Exchange
from vallum.probe.identity import FormLogin, Identity
from vallum.probe.operation import In, Operation, Parameter
from vallum.probe.surface import Account, Proof, Surface

ID = Parameter(name="note_id", place=In.PATH)
LIST = Operation(method="GET", template="/notes")
READ = Operation(method="GET", template="/notes/{note_id}", parameters=(ID,))
WRITE = Operation(method="POST", template="/notes", parameters=(Parameter(name="title", place=In.FORM),))
ADMIN = Operation(method="GET", template="/admin/users")
EXPORT = Operation(method="GET", template="/notes/export")


def person(name, role="user"):
    login = FormLogin(fields={"user": name}, secrets={"password": Secret("x")})
    return Account(identity=Identity(name=name, login=login, role=role), proof=Proof(target="/me"))


PEOPLE = {
    "accounts": (person("ann"), person("ben"), person("root", "admin")),
    "operations": (LIST, READ, WRITE, ADMIN, EXPORT),
}


def at(met, operation, who, status=200, body="", **more):
    route = operation.template
    return met(status, body, method=operation.method, identity=who, **{"target": route, "route": route, **more})


def closed(met):
    """What an app that closes its notes answers."""
    return [
        at(met, LIST, "", 303, headers=(("Location", "/login"),)),
        at(met, LIST, "ann", body="<li>vlmtest01a"),
        at(met, ADMIN, "root", body="<p>all"),
        at(met, ADMIN, "ann", 403),
    ]


def reasons(judged, survey, exchanges=(), **more):
    return judged("authorize-every-endpoint", survey, exchanges, **PEOPLE, **more)


def test_closed_routes_are_well(judged, met):
    found, sites, _ = reasons(judged, closed(met))
    assert found == []
    assert sites == 2


def test_stored_things_of_a_user_shown_to_nobody(judged, met):
    open_note = at(met, READ, "", body="<h1>vlmtest01a", target="/notes/7")
    assert reasons(judged, [*closed(met), open_note])[0] == ["The answer to nobody holds what ann had stored."]


def test_public_pages_are_not_blamed(judged, met):
    open_note = at(met, READ, "", body="<h1>vlmtest01a", target="/notes/7")
    blog = [at(met, LIST, "", body="<li>all"), at(met, LIST, "ann", body="<li>all"), open_note]
    assert reasons(judged, blog)[0] == []
    assert reasons(judged, [*closed(met), open_note], public=("/notes/{note_id}",))[0] == []
    echo = at(met, READ, "", body="<h1>no vlmtest01a here", target="/notes/vlmtest01a")
    assert reasons(judged, [*closed(met), echo])[0] == []


def test_very_file_of_a_user(judged, met):
    kind = {"media": "application/pdf", "headers": (("Content-Disposition", "attachment"),)}
    files = [at(met, EXPORT, who, body=b"%PDF", **kind) for who in ("ann", "")]
    assert reasons(judged, [*closed(met), *files])[0] == ["The answer to nobody holds the very file that ann gets."]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"settings": {"SMTP_PASSWORD": "x"}}', "SMTP_PASSWORD"),
        ('[{"email": "a@b", "is_admin": false}]', "email, is_admin"),
        ('{"email": "shop@example.com"}', ""),
        ('{"properties": {"password": {"type": "string"}, "email": {}}}', ""),
        ('{"password": ""}', ""),
    ],
)
def test_fields_of_accounts_and_settings(judged, met, body, told):
    page = at(met, EXPORT, "", body=body, media="application/json")
    found = reasons(judged, [page])[0]
    assert (told in found[0]) if told else found == []


def test_administrators_routes(judged, met):
    assert "administrators answers to nobody" in reasons(judged, [at(met, ADMIN, "")])[0][0]
    both = [at(met, ADMIN, "root"), at(met, ADMIN, "ann")]
    assert "whose role is not administrator" in reasons(judged, both)[0][0]
    assert reasons(judged, [at(met, ADMIN, "ann"), at(met, ADMIN, "root", 404)])[0] == []
    home = at(met, ADMIN, "", 303, headers=(("Location", "https://testserver/"),))
    assert reasons(judged, [home])[0] == []


def test_write_by_nobody_among_closed_neighbours(judged, met):
    wrote = at(met, WRITE, "", 201, label="as nobody")
    found = reasons(judged, closed(met), [wrote])[0]
    assert found == ["POST /notes is carried out for nobody (201), and its neighbours are closed."]
    assert reasons(judged, [at(met, LIST, "")], [wrote])[0] == []


def test_other_methods_and_routes_are_asked(check_of, met):
    survey = (*closed(met), at(met, WRITE, "ann", 303))
    surface = Surface(base="https://testserver", exchanges=survey[:3] + survey[4:], **PEOPLE)
    asking = check_of("authorize-every-endpoint").ask(surface)
    shots = [next(asking)]
    shots.append(asking.send(Exchange(shot=shots[0], answer=survey[0].answer)))
    assert [(shot.method, shot.target, shot.identity) for shot in shots] == [
        ("POST", "/notes", ""),
        ("GET", "/admin/users", "ann"),
    ]


def own(judged, exchanges):
    return judged("object-ownership", (), exchanges, **PEOPLE)


def read(met, label, who, status=200, body="<h1>vlmtest01o1"):
    return at(met, READ, who, status, body, label=label, target="/notes/7")


def test_reading_what_is_anothers(judged, met):
    mine = read(met, "as its owner", "ann")
    away = read(met, "as nobody", "", 401)
    assert "is shown to ben" in own(judged, [mine, read(met, "as another", "ben"), away])[0][0]
    assert own(judged, [mine, read(met, "as another", "ben", 404), away])[:2] == ([], 1)
    public = read(met, "as nobody", "")
    assert own(judged, [mine, read(met, "as another", "ben"), public])[:2] == ([], 0)
    other = read(met, "as another", "ben", body="<h1>your own page")
    assert own(judged, [mine, other, away])[:2] == ([], 0)


def test_existence_that_shows(check_of, judged, met):
    told = [read(met, "as its owner", "ann"), read(met, "as another", "ben", 403), read(met, "missing", "ben", 404)]
    assert own(judged, told)[0] == ["It answers 403 for another's object and 404 for none."]
    surface = Surface(base="https://testserver", mark="vlmtest01", **PEOPLE)
    (finding,) = check_of("object-ownership").judge(surface, told)
    assert finding.confidence is Confidence.LOW
    alike = [*told[:1], read(met, "as another", "ben", 403), read(met, "missing", "ben", 403)]
    assert own(judged, alike)[:2] == ([], 1)


CHANGE = Operation(method="POST", template="/notes/{note_id}", parameters=(ID,))
ERASE = Operation(method="DELETE", template="/notes/{note_id}", parameters=(ID,))
SHARE = Operation(method="POST", template="/notes/{note_id}/share", parameters=(ID,))


def written(met, operation, status, after_status=200, after="<p>same"):
    def reading(label, answer_status, body):
        return met(
            answer_status,
            body,
            target="/notes/7",
            route=operation.template,
            identity="ann",
            label=label,
            slot=operation.method,
            shown="/notes/{note_id}",
        )

    theirs = at(met, operation, "ben", status, label="as another", target="/notes/7")
    return [reading("read before", 200, "<p>same"), theirs, reading("read back", after_status, after)]


@pytest.mark.parametrize(
    ("operation", "status", "after_status", "after", "told"),
    [
        (CHANGE, 303, 200, "<p>vlmtest01x0", "changed an object"),
        (SHARE, 303, 200, "<p>shared", "is another"),
        (ERASE, 204, 404, "gone", "deleted an object"),
        (ERASE, 403, 200, "<p>same", ""),
        (CHANGE, 404, 200, "<p>same", ""),
        (CHANGE, 303, 200, "<p>same", None),
        (CHANGE, 404, 200, "<p>other", None),
        (CHANGE, 303, 404, "gone", None),
    ],
)
def test_changing_what_is_anothers(judged, met, operation, status, after_status, after, told):
    people = {**PEOPLE, "operations": (operation,)}
    met_all = written(met, operation, status, after_status, after)
    found, sites, _ = judged("object-ownership", (), met_all, **people)
    assert [told in reason for reason in found] == ([True] if told else [])
    assert sites == (1 if told == "" else 0)


def test_write_that_was_cut_off_says_nothing(judged, met):
    cut = written(met, CHANGE, 303)[:2]
    assert own(judged, cut)[:2] == ([], 0)
