"""`vallum check --fix`: what is mended, what is left alone, and that the finding is gone afterwards."""

import subprocess

import pytest

CASES = {
    "debug": ("app.run(debug=True)", "app.run(debug=False)"),
    "tls": ("requests.get('https://é.example', verify=False)", "requests.get('https://é.example', verify=True)"),
    "yaml": ("yaml.load(request.data)", "yaml.safe_load(request.data)"),
    "loader": ("yaml.load(request.data, Loader=yaml.Loader)", "yaml.load(request.data, Loader=yaml.SafeLoader)"),
    "escape": ("jinja2.Environment(autoescape=False)", "jinja2.Environment(autoescape=True)"),
}
HEAD = (
    "import jinja2, requests, yaml\nfrom flask import Flask, request\nfrom mine import Loader\napp = Flask(__name__)\n"
)
BODY = "@app.get('/')\ndef f():\n    # kept   as it is\n    x = {}   ;  y = 1\n    return 'x'\n"


@pytest.mark.parametrize("name", list(CASES))
def test_a_finding_is_mended_and_nothing_else_changes(vallum, project, name):
    wrong, right = CASES[name]
    before = HEAD + BODY.format(wrong)
    path = project("app.py", before)
    path.chmod(0o640)
    status, diff, err = vallum("check", ".", "--fix")
    assert (status, path.read_text()) == (1, before)
    assert err == "1 findings can be mended.\n"
    assert [line for line in diff.splitlines() if line[:1] in "+-"][2:] == [
        f"-    x = {wrong}   ;  y = 1",
        f"+    x = {right}   ;  y = 1",
    ]
    assert vallum("check", ".", "--fix", "--write")[0] == 0
    assert path.read_text() == HEAD + BODY.format(right)
    assert path.stat().st_mode & 0o777 == 0o640
    assert vallum("check", ".", "--fix")[:2] == (0, "")
    assert [entry.name for entry in path.parent.glob("*.py")] == ["app.py"]


@pytest.mark.parametrize(
    "line",
    [
        "yaml.load(request.data, Loader=Loader)",
        "app.run(debug=DEBUG)",
        "jinja2.Environment(autoescape=choose())",
        "requests.get('https://a.example', verify=True)",
    ],
)
def test_what_is_not_certain_stays(vallum, project, line):
    project("app.py", HEAD + "DEBUG = True\n" + BODY.format(line))
    assert vallum("check", ".", "--fix")[:2] == (0, "")


@pytest.mark.parametrize("change", [lambda text: text.replace(b"\n", b"\r\n"), lambda text: b"\xef\xbb\xbf" + text])
def test_files_that_would_not_come_back_byte_for_byte_stay(vallum, project, change):
    path = project("app.py", "")
    path.write_bytes(change((HEAD + BODY.format("app.run(debug=True)")).encode()))
    assert vallum("check", ".", "--fix")[:2] == (0, "")


def test_the_diff_can_be_applied(vallum, project):
    path = project("app.py", HEAD + "app.run(debug=True)")
    _, diff, _ = vallum("check", ".", "--fix")
    subprocess.run(["git", "apply", "-"], input=diff, text=True, check=True, cwd=path.parent)
    assert path.read_text() == HEAD + "app.run(debug=False)"


def test_write_alone_is_misuse(vallum, project):
    status, _, err = vallum("check", ".", "--write")
    assert (status, err.count("\n")) == (2, 1)
