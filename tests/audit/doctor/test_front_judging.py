"""What each answer tells, over answers written by hand."""

from dataclasses import replace
from typing import Any

import pytest

from vallum.audit.doctor.diagnosis import Kind, Line
from vallum.audit.doctor.front import NOT_ASKED, STRANGER, Front
from vallum.audit.doctor.front_judging import judge_front
from vallum.probe.exchange import Answer

HSTS = ("strict-transport-security", "max-age=31536000; includeSubDomains")


def answer(status: int = 200, *headers: tuple[str, str], body: bytes = b"") -> Answer:
    return Answer(status=status, headers=headers, body=body)


def silent(fault: str) -> Answer:
    return Answer(status=0, fault=fault)


SOUND = Front(
    url="https://notes.example/",
    plain=answer(200, HSTS),
    proto=answer(200, HSTS),
    host=answer(200, HSTS),
    stranger=answer(421),
    client=answer(200, HSTS),
    squeezed=answer(200, HSTS),
    large=answer(413),
    unencrypted=answer(308, ("location", "https://notes.example/")),
)
LOCAL = replace(SOUND, url="http://127.0.0.1:8000/", plain=answer(), proto=answer(), unencrypted=NOT_ASKED)


def lines(front: Front, **changed: Any) -> dict[str, Line]:
    return {line.code: line for line in judge_front(replace(front, **changed)).lines}


def test_a_sound_front_has_no_problem() -> None:
    diagnosis = judge_front(SOUND)
    assert diagnosis.exit_status == 0
    assert {line.code for line in diagnosis.lines if line.kind is Kind.FINE} == {
        "scheme-redirect",
        "hsts",
        "host-refused",
        "body-limit",
        "compression",
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"plain": answer()}, "hsts-absent"),
        ({"plain": answer(200, ("strict-transport-security", "max-age=300"))}, "hsts-short"),
        ({"plain": answer(200, ("strict-transport-security", "includeSubDomains"))}, "hsts-short"),
        ({"plain": answer(200, HSTS, HSTS)}, "header-twice"),
        ({"plain": answer(200, HSTS, ("x-frame-options", "DENY"), ("X-Frame-Options", "SAMEORIGIN"))}, "header-twice"),
        ({"unencrypted": answer(200)}, "scheme-plain"),
        ({"unencrypted": answer(302, ("location", "http://notes.example/x"))}, "scheme-plain"),
        ({"unencrypted": answer(301, ("location", "https://other.example/"))}, "scheme-plain"),
        ({"proto": answer(301, ("location", "https://notes.example/"))}, "forwarded-proto-trusted"),
        ({"proto": answer(200)}, "forwarded-proto-trusted"),
        ({"stranger": answer(200)}, "host-any"),
        ({"stranger": answer(301)}, "host-any"),
        ({"stranger": answer(500)}, "host-breaks"),
        ({"host": answer(200, ("location", f"https://{STRANGER}/"))}, "forwarded-host-trusted"),
        ({"host": answer(200, body=f"<a href='//{STRANGER}'>".encode())}, "forwarded-host-trusted"),
        ({"client": answer(403)}, "forwarded-for-trusted"),
        ({"plain": answer(200, HSTS, ("server", "uvicorn"))}, "banner-server"),
        ({"plain": answer(200, HSTS, ("server", "nginx/1.24.0"))}, "banner-server"),
        ({"plain": answer(200, HSTS, ("x-powered-by", "Express"))}, "banner-powered-by"),
        ({"large": silent("timed out")}, "body-unlimited"),
        ({"squeezed": answer(200, ("content-encoding", "gzip"), ("set-cookie", "a=b"))}, "compression-private"),
        ({"squeezed": answer(200, ("content-encoding", "br"), ("cache-control", "no-store"))}, "compression-private"),
    ],
)
def test_a_problem_is_found_and_has_a_fix(changed: dict[str, Any], code: str) -> None:
    line = lines(SOUND, **changed)[code]
    assert line.kind is Kind.PROBLEM
    assert line.fix
    assert judge_front(replace(SOUND, **changed)).exit_status == 1


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"unencrypted": silent("Connection refused")}, "scheme-closed", "Connection refused"),
        ({"plain": answer(200, HSTS, ("server", "cloudflare"))}, "banner-server", "no version"),
        ({"plain": answer(200, HSTS, ("via", "1.1 varnish"))}, "proxy-via", "varnish"),
        ({"plain": answer(200, HSTS, ("Server", "edge"))}, "header-case", "add Server"),
        ({"plain": answer(200, (HSTS[0].title(), HSTS[1]))}, "header-case", "capitalised"),
        ({"large": answer(405)}, "body-limit", "405"),
        ({"large": silent("Connection reset")}, "body-limit", "Connection reset"),
        ({"squeezed": answer(200, ("content-encoding", "gzip"))}, "compression", "gzip"),
        ({"stranger": silent("closed")}, "host-refused", "closed"),
    ],
)
def test_what_is_no_problem_is_told(changed: dict[str, Any], code: str, said: str) -> None:
    line = lines(SOUND, **changed)[code]
    assert line.kind in {Kind.NOTE, Kind.FINE}
    assert said in line.what


def test_policies_that_differ_add_up_and_copies_do_not() -> None:
    policies = [
        ("content-security-policy", "default-src 'self'"),
        ("content-security-policy", "frame-ancestors 'none'"),
    ]
    assert "header-twice" not in lines(SOUND, plain=answer(200, HSTS, *policies))
    assert "header-twice" in lines(SOUND, plain=answer(200, HSTS, policies[0], policies[0]))


def test_this_machine_may_be_the_proxy() -> None:
    assert lines(LOCAL)["scheme-plain"].kind is Kind.NOTE
    assert "hsts" not in lines(LOCAL)
    line = lines(LOCAL, proto=answer(200, HSTS))["forwarded-proto"]
    assert line.kind is Kind.NOTE
    assert "this machine" in line.what


def test_plain_http_elsewhere_is_a_problem_unless_it_leads_to_https() -> None:
    url = "http://notes.example/"
    assert lines(LOCAL, url=url)["scheme-plain"].kind is Kind.PROBLEM
    leads = answer(308, ("location", "https://notes.example/"))
    assert lines(LOCAL, url=url, plain=leads)["scheme-redirect"].kind is Kind.FINE


def test_a_lost_question_is_told_as_unseen() -> None:
    diagnosis = judge_front(replace(SOUND, proto=silent("timed out")))
    assert diagnosis.exit_status == 3


def test_no_answer_is_all_that_is_told() -> None:
    diagnosis = judge_front(Front(url="https://notes.example/", plain=silent("Connection refused")))
    assert [line.code for line in diagnosis.lines] == ["no-answer"]
    assert diagnosis.exit_status == 3
