import json

from vallum.findings.finding import Silence

SLUG = "lock-not-committed"
PROJECT = "[project]\nname = 'a'\ndependencies = ['flask==3.0.3']\n"
IGNORE = ".env\n"


def lock(entry, root="1.1.0"):
    packages = {"": {"dependencies": {"a": root}}, "node_modules/a": entry}
    return {"package-lock.json": json.dumps({"packages": packages}, indent=1)}


SOUND = {"version": "1.1.0", "resolved": "https://r.example/a.tgz", "integrity": "sha512-x"}


def test_requirements(lines):
    assert lines(SLUG, {"requirements.txt": "flask==3.0.3\n"}) == [["requirements.txt:1"], []]
    assert lines(SLUG, {"requirements.txt": "flask==3 --hash=sha256:ab\n"}) == [[], ["requirements.txt:1"]]
    assert lines(SLUG, {"requirements.in": "flask\n", "requirements-dev.txt": "ruff\n"}) == [[], []]


def test_manifests(lines):
    assert lines(SLUG, {"pyproject.toml": PROJECT, ".gitignore": IGNORE}) == [["pyproject.toml:1"], []]
    held = '[[package]]\nname = "Flask"\nversion = "3.0.3"\n'
    assert lines(SLUG, {"pyproject.toml": PROJECT, "uv.lock": held}) == [[], ["pyproject.toml:1"]]
    stale = held.replace("Flask", "django")
    assert lines(SLUG, {"pyproject.toml": PROJECT, "uv.lock": stale}) == [["pyproject.toml:1"], []]
    assert lines(SLUG, {"web/pyproject.toml": PROJECT, "uv.lock": held}) == [[], ["web/pyproject.toml:1"]]
    assert lines(SLUG, {"pyproject.toml": PROJECT}) == [[], []]


def test_ignored_and_switched_off(lines):
    assert lines(SLUG, {".gitignore": "dist/\nuv.lock\n"}) == [[".gitignore:2"], []]
    assert lines(SLUG, {".npmrc": "package-lock=false\n"}) == [[".npmrc:1"], []]
    assert lines(SLUG, {".npmrc": "package-lock=true\n"}) == [[], []]


def test_entries_of_npm(lines):
    assert lines(SLUG, lock(SOUND)) == [[], ["package-lock.json:1"]]
    assert lines(SLUG, lock(SOUND, root="1.2.0"))[0] == ["package-lock.json:9"]
    bare = {name: value for name, value in SOUND.items() if name != "integrity"}
    assert lines(SLUG, lock(bare))[0] == ["package-lock.json:10"]


def test_two_locks(lines):
    files = {"poetry.lock": "", "uv.lock": ""}
    assert lines(SLUG, files) == [["poetry.lock:1"], []]


def test_projects_without_manifests(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
