import pytest

SLUG = "log-message-from-data"
HEAD = """
    import logging

    from flask import Flask, request

    app = Flask(__name__)
    logger = logging.getLogger(__name__)


    @app.get("/s")
    def search():
        term = request.args.get("q", "")
        {call}
        return ""
"""


@pytest.mark.parametrize(
    "call",
    [
        'logger.info(f"term {term}")',
        'logger.info("term " + term)',
        'logger.info("term %s" % term)',
        'logger.warning("term {}".format(term))',
        'app.logger.error(f"path {request.path}")',
        'logging.info(f"agent {request.headers}")',
        'print("term", term)',
    ],
)
def test_values_of_the_request_in_the_message(lines, call):
    assert lines(SLUG, HEAD.format(call=call))[0] == [12]


@pytest.mark.parametrize(
    "call",
    ['logger.info("search", extra={"term": term})', 'logger.info("term %s", term)', 'logger.debug("started")'],
)
def test_constant_messages(lines, call):
    assert lines(SLUG, HEAD.format(call=call)) == [[], [12]]


@pytest.mark.parametrize("call", ['logger.info(f"took {seconds()} s")', "message(f'{term}')", 'print("up")'])
def test_nothing_of_the_request(lines, call):
    assert lines(SLUG, HEAD.format(call=call))[0] == []


def test_formatters(lines):
    text = """
        import logging
        from flask import Flask

        logging.basicConfig(format="%(asctime)s %(message)s")
        plain = logging.Formatter("%(levelname)s %(message)s")
        LOGGING = {
            "formatters": {
                "text": {"format": "{levelname} {message}", "style": "{"},
            },
        }
        strftime(format="%Y")
    """
    assert lines(SLUG, text)[0] == [4, 5, 8]


def test_json_formatters(lines):
    text = 'from flask import Flask\nF = {"json": {"()": "pythonjsonlogger.JsonFormatter", "format": "%(message)s"}}\n'
    assert lines(SLUG, text) == [[], [2]]


def test_tools_print_on_purpose(lines):
    files = {
        "manage.py": "import flask\n\ndef main(name):\n    print(f'{name}')\n",
        "cli/run.py": "import flask\nprint(1)\n",
    }
    assert lines(SLUG, files) == [[], []]


def test_without_logs_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
