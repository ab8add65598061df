"""Mails are seen however they are written, and only while somebody listens."""

import io
from email.generator import BytesGenerator
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from vallum.probe.collect.letters import Letterbox


@pytest.fixture
def box():
    opened = Letterbox()
    yield opened
    opened.close()


def plain(text="Open https://a.example/x?t=1"):
    message = EmailMessage()
    message["To"], message["Subject"] = "ann@example.com", "Hello"
    message.set_content(text)
    return message


def test_a_message_that_is_kept_in_a_list_is_seen(box):
    plain()
    (letter,) = box.take()
    assert (letter.recipient, letter.subject) == ("ann@example.com", "Hello")
    assert "https://a.example/x?t=1" in letter.text
    assert box.take() == ()


def test_a_message_that_is_written_out_is_seen_once(box):
    plain().as_bytes()
    assert len(box.take()) == 1


def test_both_texts_of_a_multipart_message_are_seen(box):
    message = MIMEMultipart("alternative")
    message["To"] = "ann@example.com"
    message.attach(MIMEText("plain words", "plain"))
    message.attach(MIMEText("<b>marked words</b>", "html"))
    BytesGenerator(io.BytesIO()).flatten(message)
    (letter,) = box.take()
    assert "plain words" in letter.text
    assert "marked words" in letter.text


def test_what_has_no_addressee_is_no_mail(box):
    MIMEText("a part")
    assert box.take() == ()


def test_long_lines_arrive_whole(box):
    link = "https://a.example/reset?token=" + "x" * 120
    plain(f"Open {link} now").as_bytes()
    assert link in box.take()[0].text


def test_nothing_is_kept_once_the_box_is_closed():
    first, second = Letterbox(), Letterbox()
    first.close()
    plain()
    assert (len(first.take()), len(second.take())) == (0, 1)
    second.close()
    second.close()
    plain()
    assert second.take() == ()
