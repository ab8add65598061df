"""What an app logs and prints is heard as its handlers write it, and nothing stays behind."""

import logging
import sys

import pytest

from vallum.probe.collect.overheard import Overheard


@pytest.fixture
def ear():
    listener = Overheard()
    yield listener
    listener.close()


@pytest.fixture
def logger():
    """A logger of its own, with one handler whose format shows."""
    made = logging.getLogger("tests.overheard")
    made.propagate = False
    made.setLevel(logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("<%(levelname)s> %(message)s"))
    made.addHandler(handler)
    yield made
    made.removeHandler(handler)


def test_lines_are_heard_as_the_handler_writes_them(ear, logger):
    logger.warning("door %s", "open")
    (line,) = ear.lines
    assert (line.text, line.source, line.level, line.written) == ("<WARNING> door open", "tests.overheard", 30, True)


def test_record_without_a_handler_is_heard_and_marked(ear):
    lonely = logging.getLogger("tests.overheard.lonely")
    lonely.propagate = False
    lonely.setLevel(logging.INFO)
    lonely.error("failed", exc_info=ValueError("inside"))
    lonely.info("quiet")
    line, quiet = ear.lines
    assert (quiet.text, quiet.written) == ("quiet", False)
    assert "ValueError: inside" in line.text
    assert ear.heard == "builtins.ValueError: inside"


def test_what_a_filter_removes_is_not_heard(ear, logger):
    class Mask(logging.Filter):
        def filter(self, record):
            record.msg = record.msg.replace("secret-word", "[REDACTED]")
            return True

    logger.handlers[0].addFilter(Mask())
    logger.info("it is secret-word")
    assert [line.text for line in ear.lines] == ["<INFO> it is [REDACTED]"]


def test_prints_are_heard_once_and_passed_on(capsys):
    ear = Overheard()
    sys.stdout.write("one line\nanother\n")
    assert [(line.text, line.source) for line in ear.lines] == [("one line", "stdout"), ("another", "stdout")]
    ear.close()
    assert capsys.readouterr().out == "one line\nanother\n"


def test_two_handlers_of_one_record_have_one_number(ear, logger):
    second = logging.StreamHandler(sys.stderr)
    second.setFormatter(logging.Formatter("again %(message)s"))
    logger.addHandler(second)
    logger.info("x")
    logger.removeHandler(second)
    assert [line.record for line in ear.lines] == [1, 1]
    logger.info("y")
    assert ear.lines[-1].record == 2


def test_forgetting_begins_anew_and_closing_restores(logger):
    before = (logging.Logger.callHandlers, logging.Handler.format, sys.stdout, sys.stderr)
    first, second = Overheard(), Overheard()
    logger.info("x")
    assert first.lines == second.lines != ()
    first.forget()
    assert first.lines == ()
    second.close()
    first.close()
    assert (logging.Logger.callHandlers, logging.Handler.format, sys.stdout, sys.stderr) == before
