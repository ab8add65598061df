import pytest

from vallum.findings.finding import Silence

SLUG = "secret-without-rotation"
ENTRY = {"name": "db", "owner": "team", "created": "2026-11-01", "max_age_days": "90", "rotation": "lambda/x"}


def inventory(**changes):
    fields = {name: value for name, value in {**ENTRY, **changes}.items() if value}
    return {"inventory.yaml": "secrets:\n  - " + "\n    ".join(f"{name}: {value}" for name, value in fields.items())}


@pytest.mark.parametrize(
    "changes",
    [
        {"owner": ""}, {"created": ""}, {"max_age_days": ""}, {"rotation": ""}, {"rotation": "manual"},
        {"max_age_days": "720"}, {"created": "2026-01-01"},
    ],
)  # fmt: skip
def test_inventories(lines, changes):
    assert lines(SLUG, inventory(**changes)) == [["inventory.yaml:2"], []]
    assert lines(SLUG, inventory()) == [[], ["inventory.yaml:2"]]


def test_the_day_counts(judge):
    assert len(judge(SLUG, inventory(), day="2027-03-01").findings) == 1


def test_other_lists_called_secrets(lines):
    assert lines(SLUG, {"compose.yaml": "secrets:\n  - db_password\n"}) == [[], []]
    assert lines(SLUG, {"compose.yaml": "secrets:\n  db:\n    file: ./x\n"}) == [[], []]


def test_infrastructure(lines):
    text = "A:\n  Type: AWS::SecretsManager::Secret\n"
    assert lines(SLUG, {"a.yaml": text}) == [["a.yaml:2"], []]
    assert lines(SLUG, {"a.yaml": f"{text}B:\n  Type: AWS::SecretsManager::RotationSchedule\n"}) == [[], ["a.yaml:2"]]
    assert lines(SLUG, {"a.tf": 'resource "aws_secretsmanager_secret" "a" {}\n'}) == [["a.tf:1"], []]


def test_signers(lines):
    head = "import os\nfrom itsdangerous import URLSafeTimedSerializer\n"
    assert lines(SLUG, f"{head}s = URLSafeTimedSerializer(os.environ['KEY'])\n") == [[3], []]
    assert lines(SLUG, f"{head}s = URLSafeTimedSerializer([os.environ['OLD'], os.environ['NEW']])\n") == [[], [3]]
    assert lines(SLUG, f"{head}def f(keys):\n    return URLSafeTimedSerializer(keys)\n") == [[], []]


def test_projects_without_secrets(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
