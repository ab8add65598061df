"""The command line repeats the request and holds no credential."""

import shlex

from vallum.base.secret import Secret
from vallum.probe.collect.curl import write_curl
from vallum.probe.exchange import FormBody, JsonBody, MultipartBody, RawBody, Shot, Upload

BASE = "https://testserver"


def test_get_is_short():
    assert write_curl(BASE, Shot(method="GET", target="/a?q=%27")) == (
        "curl -i --path-as-is 'https://testserver/a?q=%27'"
    )


def test_credentials_are_left_to_the_environment():
    shot = Shot(method="GET", target="/", identity="ann-2", headers=(("Authorization", "Bearer abc"), ("X-A", "1")))
    line = write_curl(BASE, shot, signed_by="Cookie")
    assert '"Cookie: $ANN_2"' in line
    assert "abc" not in line
    assert "-H 'X-A: 1'" in line


def test_secrets_in_bodies_are_masked():
    secret = Secret("hunter2hunter2")
    for body in (
        FormBody((("password", secret),)),
        JsonBody({"password": secret, "list": [secret]}),
        MultipartBody((("password", secret),), (Upload("f", "a.txt", "text/plain", b"x"),)),
    ):
        line = write_curl(BASE, Shot(method="POST", target="/login", body=body))
        assert "hunter2" not in line
        assert "-X POST" in line
        assert "HIDDEN" in line


def test_quotes_survive_a_shell():
    body = RawBody(b'{"a": "it\'s"}', "application/json")
    words = shlex.split(write_curl(BASE, Shot(method="PUT", target="/", body=body, cookies=(("c", "1"),))))
    assert words[-1] == '{"a": "it\'s"}'
    assert words[words.index("-b") + 1] == "c=1"
