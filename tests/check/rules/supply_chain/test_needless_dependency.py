from vallum.findings.finding import Confidence, Silence

SLUG = "needless-dependency"
CODE = {f"shop/{name}.py": "import httpx\nimport yaml\n" for name in "abc"}


def test_retired_and_tools(lines):
    text = "flask==3.0.3\nnose==1.3.7\npytest==8.3.3\n"
    assert lines(SLUG, {"requirements.txt": text}) == [["requirements.txt:2", "requirements.txt:3"], []]
    assert lines(SLUG, {"requirements-dev.txt": text}) == [[], []]


def test_groups_for_development(lines):
    text = "[project]\nname = 'a'\ndependencies = ['mypy==1']\n[dependency-groups]\ndev = ['ruff==1']\n"
    assert lines(SLUG, {"pyproject.toml": text}) == [["pyproject.toml:3"], []]
    text = '{\n"dependencies": {\n"left-pad": "1.0.0"\n},\n"devDependencies": {\n"eslint": "9.0.0"\n}}\n'
    assert lines(SLUG, {"package.json": text}) == [["package.json:3"], []]


def test_imports(judge, lines):
    text = "httpx==1\nPyYAML==6\ntabulate==1\ngunicorn==1\n"
    files = {**CODE, "requirements.txt": text}
    assert lines(SLUG, files) == [["requirements.txt:3"], ["requirements.txt:1", "requirements.txt:2"]]
    assert [found.confidence for found in judge(SLUG, files).findings] == [Confidence.LOW]
    named = {**files, "shop/d.py": "PLUGIN = 'tabulate.plugin'\n"}
    assert lines(SLUG, named)[0] == []


def test_without_the_code_nothing_is_said(lines):
    assert lines(SLUG, {"requirements.txt": "tabulate==1\n"}) == [[], []]


def test_images(lines):
    assert lines(SLUG, {"Dockerfile": "RUN npm ci --include=dev\n"}) == [["Dockerfile:1"], []]
    assert lines(SLUG, {"Dockerfile": "RUN npm ci --omit=dev\n"}) == [[], ["Dockerfile:1"]]


def test_projects_without_manifests(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
