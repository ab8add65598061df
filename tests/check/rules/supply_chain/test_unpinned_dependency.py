import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "unpinned-dependency"


@pytest.mark.parametrize(
    ("path", "text", "found", "sound"),
    [
        ("requirements.txt", "# of the shop\nflask==3.0.3\nredis>=5\n\n-r base.txt\n", [3], [2]),
        ("requirements/prod.txt", "flask==3.0.3 \\\n    --hash=sha256:ab\nredis\n", [3], [1]),
        ("requirements.txt", "-e git+https://git.example.com/a/b.git@main#egg=b\n-e .\n./lib\n", [1], []),
        ("requirements.txt", "--index-url https://packages.example/simple\nflask==3.0.3  # newest\n", [], [2]),
        ("dev-requirements.txt", "pytest\n", [1], []),
        ("pyproject.toml", '[project]\ndependencies = ["flask==3.0.3", "redis>=5"]\n', [2], [2]),
        ("pyproject.toml", '[project.optional-dependencies]\na = [\n  "flask",\n  "redis==5.1.1",\n]\n', [3], [4]),
        ("pyproject.toml", '[dependency-groups]\ndev = [\n  "pytest",\n  {include-group = "a"},\n]\n', [3], []),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "^3.12"\nflask = "^3.0"\nredis = "5.1.1"\n', [3], [4]),
        ("pyproject.toml", '[tool.poetry.group.dev.dependencies]\npytest = "*"\n', [2], []),
        ("pyproject.toml", '[tool.poetry.dependencies.flask]\nversion = "^3"\nextras = ["async"]\n', [1], []),
        ("pyproject.toml", '[tool.poetry.dependencies]\na = { path = "../a" }\nb = [{ version = "1.0" }]\n', [], [3]),
        ("pyproject.toml", '[tool.poetry.dependencies]\na = { url = "https://a.example/a.whl" }\n', [2], []),
        (
            "Pipfile",
            '[packages]\nflask = "*"\nredis = "==5.1.1"\n[dev-packages]\npytest = {version = ">=8"}\n',
            [2, 5],
            [3],
        ),
        ("package.json", '{\n "dependencies": {\n  "a": "^1.0.0",\n  "b": "1.0.0"\n }\n}\n', [3], [4]),
    ],
)
def test_manifests(lines, path, text, found, sound):
    assert lines(SLUG, {path: text}) == [[f"{path}:{line}" for line in found], [f"{path}:{line}" for line in sound]]


LIBRARY = '[build-system]\nrequires = ["hatchling"]\n[project]\ndependencies = ["flask>=3"]\n'


def test_libraries_may_keep_ranges(lines):
    assert lines(SLUG, {"pyproject.toml": LIBRARY}) == [[], []]
    assert lines(SLUG, {"pyproject.toml": LIBRARY, "uv.lock": "version = 1\n"}) == [[], ["pyproject.toml:4"]]
    private = LIBRARY + 'classifiers = ["Private :: Do Not Upload"]\n'
    assert lines(SLUG, {"pyproject.toml": private}) == [["pyproject.toml:4"], []]
    assert lines(SLUG, {"pyproject.toml": LIBRARY + "[tool.uv]\npackage = false\n"}) == [["pyproject.toml:4"], []]


def test_a_lock_file_makes_an_applications_range_a_doubt(judge):
    files = {"pyproject.toml": '[project]\ndependencies = ["flask>=3"]\n', "uv.lock": "version = 1\n"}
    assert [finding.confidence for finding in judge(SLUG, files).findings] == [Confidence.LOW]
    del files["uv.lock"]
    assert [finding.confidence for finding in judge(SLUG, files).findings] == [Confidence.HIGH]


def test_compiled_requirements(lines):
    assert lines(SLUG, {"requirements.in": "flask\n"}) == [["requirements.in:1"], []]
    files = {"requirements.in": "flask\n", "requirements.txt": "flask==3.0.3\n"}
    assert lines(SLUG, files) == [[], ["requirements.txt:1"]]


@pytest.mark.parametrize("path", ["tests/requirements.txt", "docs/requirements.txt"])
def test_files_of_tests_and_documents_are_not_asked(lines, path):
    assert lines(SLUG, {path: "flask\n"}) == [[], []]


@pytest.mark.parametrize("text", ["x = [\n", '[project]\nname = "a"\n', "[tool.other]\n"])
def test_files_without_dependencies(judge, text):
    judged = judge(SLUG, {"pyproject.toml": text})
    assert judged.findings == judged.sites == []
    assert [silence.silence for silence in judged.silences] == [Silence.DOES_NOT_APPLY]


def test_other_files_are_no_manifests(lines):
    assert lines(SLUG, {"tsconfig.json": '{"dependencies": {"a": "^1"}}', "ruff.toml": "x = 1\n"}) == [[], []]
    assert lines(SLUG, {"package.json": "[]"}) == [[], []]
