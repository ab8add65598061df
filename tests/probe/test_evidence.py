"""What is shown of an answer holds what matters and no token."""

from vallum.probe.evidence import act_of, cut_around, mask, show_answer
from vallum.probe.exchange import Answer, Exchange, Shot


def exchange(**changes):
    shot = Shot(
        method="GET", target="/notes/7?q=1", route="/notes/{id}", identity="ann", shown=changes.pop("shown", "")
    )
    return Exchange(shot=shot, answer=Answer(**changes), curl="curl x")


def test_act():
    act = act_of(exchange(status=200))
    assert (str(act), act.path, act.status, act.curl) == ("GET /notes/{id} as ann", "/notes/7?q=1", 200, "curl x")
    assert act_of(exchange(status=200, shown="/other")).route == "/other"


def test_status_headers_and_excerpt():
    met = exchange(
        status=303, headers=(("Location", "/a"), ("Set-Cookie", "sid=secret")), body=b"x" * 300 + b"NEEDLE" + b"y" * 300
    )
    lines = show_answer(met, "NEEDLE")
    assert lines[:2] == ("HTTP 303", "location: /a")
    assert "NEEDLE" in lines[2]
    assert lines[2].startswith("...")
    assert not any("secret" in line for line in lines)


def test_no_answer():
    assert show_answer(exchange(status=0, fault="refused")) == ("no answer: refused",)


def test_needle_that_is_not_there():
    assert cut_around("text", "needle") == ""
    assert show_answer(exchange(status=200, body=b"text"), "needle") == ("HTTP 200",)


def test_tokens_are_masked():
    assert mask("a eyJhbGciOi.eyJzdWIi.abc b") == "a [token] b"
    assert mask("sid=0123456789abcdef0123456789abcdef;") == "sid=[token];"
    assert mask("an ordinary sentence stays") == "an ordinary sentence stays"
