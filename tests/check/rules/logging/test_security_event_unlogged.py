import pytest

SLUG = "security-event-unlogged"
LOGIN = """
    from flask import Flask, abort
    import logging

    log = logging.getLogger(__name__)
    app = Flask(__name__)

    @app.post("/login")
    def login():
        {first}
        if not fits():
            {failed}
            abort(401)
        return start()
"""


def test_a_login_without_an_event(lines):
    assert lines(SLUG, LOGIN.format(first="pass", failed="pass")) == [[8], []]


def test_what_is_logged_before_knows_no_outcome(lines):
    assert lines(SLUG, LOGIN.format(first="log.info('login')", failed="pass")) == [[8], []]


@pytest.mark.parametrize("event", ['log.warning("login", extra={"outcome": "no"})', 'emit("login")', "audit.write(1)"])
def test_a_login_with_an_event(lines, event):
    assert 8 in lines(SLUG, LOGIN.format(first="pass", failed=event))[1]


def test_an_event_of_another_file(lines):
    files = {
        "app.py": (
            "from flask import Flask\nfrom accounts import enter\napp = Flask(__name__)\n\n"
            "@app.post('/login')\ndef login():\n    return enter()\n"
        ),
        "accounts.py": "import logging\n\ndef enter():\n    logging.getLogger('x').warning('entered')\n",
    }
    assert lines(SLUG, files)[1] == [6]


def test_roles(lines):
    text = """
        from flask import Flask
        app = Flask(__name__)

        @app.put("/users/<int:id>/role")
        def change_role(id):
            store(id)

        @app.post("/users/<int:id>/admin")
        def grant_admin(id):
            record_change(id)

        @app.get("/users/<int:id>/role")
        def show_role(id):
            return ""
    """
    assert lines(SLUG, text) == [[5], [9]]


def test_denials(lines):
    text = """
        import logging
        log = logging.getLogger(__name__)
        log.info("access denied")
        log.debug("authorization_failed")
        log.warning("access denied")
        log.info("order paid")
    """
    assert lines(SLUG, text) == [[3, 4], [5]]


def test_channels(lines):
    text = """
        import logging
        LOGGING = {
            "loggers": {
                "security": {"handlers": ["out"], "level": "ERROR"},
                "audit": {"handlers": ["out"], "level": "INFO"},
                "shop": {"handlers": ["out"], "level": "ERROR"},
            }
        }
        security = logging.getLogger("security")
        security.setLevel(logging.CRITICAL)
        security.setLevel(logging.INFO)
    """
    assert lines(SLUG, text) == [[4, 10], [5, 11]]


def test_the_guard_writes_it(lines):
    text = """
        from fastapi import FastAPI
        from vallum.guard import Guard

        app = FastAPI()
        Guard(app)

        @app.post("/login")
        def login():
            return start()
    """
    assert lines(SLUG, text) == [[], [8]]


def test_without_any_it_does_not_apply(judge):
    assert judge(SLUG, "x = 1\n").silences
