"""The questions as they go out."""

from typing import Any

import pytest

from vallum.audit.doctor import front
from vallum.audit.doctor.front import STRANGER, ask_front
from vallum.probe.exchange import Answer


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every request, with the address that it went to; each is answered with 204."""
    requests: list[tuple[str, Any]] = []

    class Recorder:
        def __init__(self, url: str, _clock: object) -> None:
            self.url = url

        def send(self, wire: Any, _seconds: float) -> Answer:
            requests.append((self.url, wire))
            return Answer(status=204)

    monkeypatch.setattr(front, "NetworkTransport", Recorder)
    return requests


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://notes.example/a?b=c", "http://notes.example"),
        ("https://[::1]", "http://[::1]"),
        ("https://notes.example:8443/", None),
        ("http://notes.example/", None),
    ],
)
def test_plain_http_is_asked_only_beside_the_usual_port(
    sent: list[tuple[str, Any]], url: str, plain: str | None
) -> None:
    answers = ask_front(url)
    assert ([where for where, _ in sent if where != url] or [None]) == [plain]
    assert (answers.unencrypted.status == 204) is (plain is not None)
    assert len(sent) == 7 + (plain is not None)


def test_nothing_but_the_announcement_of_a_body_is_posted(sent: list[tuple[str, Any]]) -> None:
    ask_front("https://notes.example/a?b=c")
    assert {wire.target for _, wire in sent} == {"/a?b=c"}
    assert [wire.method for _, wire in sent].count("POST") == 1
    assert all(wire.body == b"" for _, wire in sent)
    hosts = [dict(wire.headers)["Host"] for _, wire in sent]
    assert hosts.count(STRANGER) == 1
    assert set(hosts) == {STRANGER, "notes.example"}
    assert [value for _, wire in sent for name, value in wire.headers if name == "X-Forwarded-Proto"] == ["http"]


def test_a_password_in_the_url_is_not_sent_as_a_host(sent: list[tuple[str, Any]]) -> None:
    ask_front("http://u:p@notes.example/")
    assert {dict(wire.headers)["Host"] for _, wire in sent} == {"notes.example", STRANGER}
