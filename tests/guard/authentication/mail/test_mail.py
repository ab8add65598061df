"""Mails have one addressee and no header of anybody else; SMTP needs TLS, unless it is a server of this machine."""

import asyncio
import email
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vallum.base.errors import ConfigError
from vallum.base.secret import Secret
from vallum.guard.authentication.mail.kept import FolderMailer, MemoryMailer
from vallum.guard.authentication.mail.message import Mail, MailError
from vallum.guard.authentication.mail.smtp import SmtpMailer

MAIL = Mail(to="ann@example.org", subject="Grüße", text="Link: https://notes.example/x?token=abc\n")


def test_a_mail_is_plain_text_to_one_address() -> None:
    message = MAIL.build("Notes <notes@notes.example>")
    assert (message["To"], message["Subject"]) == ("ann@example.org", "Grüße")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content_type() == "text/plain"
    assert "token" not in repr(MAIL)


@pytest.mark.parametrize(
    "to", ["ann@example.org, eve@example.org", "ann@example.org\r\nBcc: eve@example.org", "ann", ""]
)
def test_no_mail_has_a_second_addressee(to: str) -> None:
    mailer = MemoryMailer()
    with pytest.raises(MailError):
        mailer.send(Mail(to=to, subject="x", text="y"))
    assert mailer.sent == []


def test_no_subject_adds_a_header() -> None:
    with pytest.raises(MailError):
        Mail(to="ann@example.org", subject="x\r\nBcc: eve@example.org", text="y").build("notes@notes.example")


def test_a_folder_keeps_mails_for_their_owner_only(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path / "mails")
    mailer.send(MAIL)
    mailer.send(MAIL)
    first, second = sorted((tmp_path / "mails").iterdir())
    assert (first.name, second.name) == ("0001.eml", "0002.eml")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert "token=abc" in email.message_from_bytes(first.read_bytes()).get_payload()


class Server:
    """Speaks enough SMTP to take a mail, or to refuse it."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.lines: list[str] = []
        self.refuse = False
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rw", newline="\r\n") as file:
                self.talk(file)

    def talk(self, file: Any) -> None:
        def say(line: str) -> None:
            file.write(line + "\r\n")
            file.flush()

        say("220 test")
        in_data = False
        for raw in file:
            line = raw.rstrip("\r\n")
            self.lines.append(line)
            if in_data:
                if line == ".":
                    in_data = False
                    say("250 taken")
            elif line.upper().startswith("RCPT") and self.refuse:
                say("550 no such user ann@example.org")
            elif line.upper() == "DATA":
                in_data = True
                say("354 go on")
            elif line.upper() == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


@pytest.fixture
def server() -> Iterator[Server]:
    built = Server()
    yield built
    built.socket.close()


def test_smtp_hands_the_mail_over(server: Server) -> None:
    SmtpMailer(host="127.0.0.1", port=server.port, sender="notes@notes.example", unsafe_plain=True).send(MAIL)
    assert "RCPT TO:<ann@example.org>" in server.lines
    assert any("token" in line for line in server.lines)


def test_a_refusal_names_nobody(server: Server) -> None:
    server.refuse = True
    with pytest.raises(MailError) as caught:
        SmtpMailer(host="127.0.0.1", port=server.port, sender="notes@notes.example", unsafe_plain=True).send(MAIL)
    assert "ann" not in str(caught.value)


def test_nothing_is_sent_to_a_server_without_starttls(server: Server) -> None:
    mailer = SmtpMailer(
        host="127.0.0.1", port=server.port, sender="n@notes.example", user="notes", password=Secret("secret pass")
    )
    with pytest.raises(MailError):
        mailer.send(MAIL)
    assert not any("AUTH" in line or "RCPT" in line for line in server.lines)
    assert "secret" not in repr(mailer)


def test_port_465_speaks_tls_from_the_first_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    async def send(message: Any, **settings: Any) -> None:
        asked.append(settings)
        await asyncio.sleep(0)

    monkeypatch.setattr("aiosmtplib.send", send)
    SmtpMailer(host="mail.example", sender="n@notes.example", user="u", password=Secret("p")).send(MAIL)
    SmtpMailer(host="mail.example", sender="n@notes.example", port=587).send(MAIL)
    assert [(one["use_tls"], one["start_tls"]) for one in asked] == [(True, False), (False, True)]
    assert (asked[0]["username"], asked[0]["password"]) == ("u", "p")


@pytest.mark.parametrize(
    "settings",
    [{"user": "u"}, {"password": Secret("p")}, {"user": "u", "password": Secret("p"), "unsafe_plain": True}],
)
def test_half_a_login_and_a_password_in_clear_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        SmtpMailer(host="mail.example", sender="n@notes.example", **settings)


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "aiosmtplib", None)
    with pytest.raises(ConfigError, match=r"vallum\[identity\]"):
        SmtpMailer(host="mail.example", sender="n@notes.example").send(MAIL)
