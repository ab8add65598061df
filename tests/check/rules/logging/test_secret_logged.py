import pytest

SLUG = "secret-logged"
HEAD = """
    import logging

    from flask import request

    logger = logging.getLogger(__name__)


    def handle(user, password, token, form):
        {call}
"""


@pytest.mark.parametrize(
    "call",
    [
        'logger.info("x", extra={"form": request.form.to_dict()})',
        'logger.info("x %s", request.get_json())',
        'logger.info(f"headers {dict(request.headers)}")',
        'logger.debug("x", extra={"user": vars(user)})',
        'logger.debug("x %s", user.__dict__)',
        'logger.info("password of %s is %s", user.id, password)',
        'logger.info("x", api_key=user.api_key)',
        'logger.warning(f"token {token}")',
        'logger.warning("login failed for %s", form["username"])',
        'logger.info("x %s", form.model_dump())',
    ],
)
def test_secrets(lines, call):
    assert lines(SLUG, HEAD.format(call=call)) == [[9], []]


@pytest.mark.parametrize(
    "call",
    [
        'logger.info("password changed", extra={"user": user.id})',
        'logger.info("x", extra={"token_id": token.id})',
        'logger.info("x", token=redact(token))',
        'logger.info("form %s", sanitize_for_logging(request.form))',
        'logger.info("x %s", request.headers.get("Accept"))',
        'logger.info("secret", exc_info=True)',
        'logger.info("password length %d", len(password))',
        'logger.warning("login failed for account %s", user.id)',
    ],
)
def test_nothing_secret(lines, call):
    assert lines(SLUG, HEAD.format(call=call)) == [[], [9]]


@pytest.mark.parametrize(
    "redaction",
    [
        "handler.addFilter(RedactingFilter())",
        "structlog.configure(processors=[redact_secrets])\nimport structlog",
        "class Hide(logging.Filter):\n    def filter(self, record):\n        record.msg = redact(record.msg)\n",
    ],
)
def test_a_filter_for_every_record(lines, redaction):
    text = f"import structlog\nimport logging\nlogging.info('x %s', password)\n{redaction}\n"
    assert lines(SLUG, text) == [[], [3]]


def test_filters_of_one_level(lines):
    text = """
        def shallow(fields):
            return {key: "[REDACTED]" if key in NAMES else value for key, value in fields.items()}

        def deep(fields):
            return {key: "[REDACTED]" if key in NAMES else deep(value) for key, value in fields.items()}

        def other(fields):
            return {key: value * 2 for key, value in fields.items()}
    """
    assert lines(SLUG, text) == [[2], [5]]


def test_without_logs_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
