"""Files that cannot be parsed, and files of tests: nothing is said of them."""

import pytest

CASES = [
    ("unattended-updates", ".github/dependabot.yml", "updates: [\n"),
    ("unattended-updates", ".github/dependabot.yml", "updates: weekly\n"),
    ("unattended-updates", "renovate.json", "{"),
    ("unattended-updates", "renovate.json", "[]"),
    ("secret-without-rotation", "inventory.yaml", "secrets: [\n"),
    ("secret-without-rotation", "inventory.yaml", "- secrets:\n"),
    ("confusable-registry", "pyproject.toml", "[tool.uv\n"),
    ("lock-not-committed", "package-lock.json", "{"),
    ("lock-not-committed", "tests/requirements.txt", "flask==3\n"),
    ("confusable-registry", "tests/.npmrc", "audit=false\n"),
    ("confusable-registry", "tests/pyproject.toml", "[[tool.uv.index]]\nname = 'a'\nurl = 'https://p.internal'\n"),
    ("secret-file-tracked", "tests/.env", "A=1\n"),
    ("powerful-database-account", "tests/grants.sql", "GRANT ALL ON a TO b;\n"),
    ("old-tls-version", "tests/cdn.tf", 'minimum_protocol_version = "TLSv1"\n'),
    ("plaintext-sensitive-column", "tests/a.yaml", "Type: AWS::S3::Bucket\n"),
    ("secret-without-rotation", "tests/a.tf", 'resource "aws_secretsmanager_secret" "a" {}\n'),
    ("weak-asymmetric-key", "tests/a.sh", "openssl genrsa 1024\n"),
    ("unverified-download", "tests/package-lock.json", '{"packages": {"a": {"resolved": "http://a"}}}'),
    ("production-secret-in-file", "tests/s.yaml", "kind: Secret\ndata:\n  a: dHVsaXA5OTIx\n"),
    ("unaudited-secret-access", "tests/a.tf", "enable_logging = false\n"),
    ("unchecked-environment-secret", "tests/compose.yaml", "A: ${SECRET_KEY:-dev}\n"),
    ("unverified-database-tls", "tests/db.py", "import psycopg\nx = psycopg.connect(host='db', sslmode='require')\n"),
    ("check-then-act", "tests/test_a.py", "def f(p):\n    if not p.exists():\n        p.write_text('x')\n"),
    ("secret-in-output", "tests/test_a.py", "print(password)\n"),
]


@pytest.mark.parametrize(("slug", "name", "text"), CASES)
def test_nothing_is_found(lines, slug, name, text):
    assert lines(slug, {name: text}) == [[], []]
