from vallum.base.errors import UsageError
from vallum.findings.formats.terminal.misuse import render_error
from vallum.findings.options import Options


def test_misuse_is_one_line():
    error = UsageError(
        'shop.main has no "wrong". It has: app, create_app.', hint="Try: vallum audit src --app shop.main:app"
    )
    assert render_error(error, Options(color=True)) == (
        '\x1b[1;31mvallum:\x1b[0m shop.main has no "wrong". It has: app, create_app. '
        "Try: vallum audit src --app shop.main:app\n"
    )


def test_without_a_hint_it_is_one_line_and_steers_nothing():
    assert render_error(UsageError("no \x1b[2J\nfile"), Options()) == "vallum: no \\x1b[2J file\n"
