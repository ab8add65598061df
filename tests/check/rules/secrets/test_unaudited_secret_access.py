import pytest

from vallum.findings.finding import Silence

SLUG = "unaudited-secret-access"
HEAD = "import boto3, logging\naudit = logging.getLogger('security.secrets')\nclient = boto3.client('secretsmanager')\n"
READ = "client.get_secret_value(SecretId='a')['SecretString']"


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (f"key = {READ}\n", [[4], []]),
        (f"def charge():\n    key = {READ}\n    return post(key).json()\n", [[5], []]),
        (f"def fetch():\n    value = {READ}\n    audit.info('secret_access')\n    return value\n", [[], [5]]),
        (f"def _record():\n    audit.info('secret')\ndef fetch():\n    _record()\n    return {READ}\n", [[], [8]]),
        (f"def fetch():\n    return {READ}\n", [[], []]),
        ("value = token.get_secret_value()\n", [[], []]),
    ],
)
def test_reads(lines, code, found):
    assert lines(SLUG, HEAD + code) == found


@pytest.mark.parametrize(
    ("text", "found"), [("IsLogging: false", True), ("IsLogging: true", False), ("enable_logging = false", True)]
)
def test_audit_logs(lines, text, found):
    name = "a.tf" if "=" in text else "a.yaml"
    assert lines(SLUG, {name: f"{text}\n"}) == ([[f"{name}:1"], []] if found else [[], [f"{name}:1"]])


def test_projects_without_a_manager(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
