import pytest

SLUG = "broad-privilege"


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("a.sql", "GRANT ALL PRIVILEGES ON a TO app;", "GRANT SELECT, UPDATE ON a TO app;"),
        ("a.sql", "GRANT SELECT, DELETE ON a TO app;", "GRANT SELECT ON a TO app;"),
        ("a.sql", "CREATE ROLE app LOGIN SUPERUSER;", "CREATE ROLE app LOGIN NOSUPERUSER;"),
        ("Dockerfile", "FROM python:3.12\nCMD a\n", "FROM python:3.12\nUSER 10001\n"),
        ("Dockerfile", "FROM a\nUSER 1\nFROM b\n", "FROM a\nFROM b\nUSER app\n"),
        ("Dockerfile", "FROM a\nUSER root\n", "FROM a\nUSER root\nRUN x\nUSER app\n"),
        ("compose.yaml", "a:\n  privileged: true\n", "a:\n  privileged: false\n"),
        ("compose.yaml", "a:\n  user: root\n", "a:\n  user: app\n"),
        ("compose.yaml", "v:\n  - /var/run/docker.sock:/s\n", "securityContext:\n  runAsNonRoot: true\n"),
        (
            "iam.json",
            '{"Statement": [{\n"Action": "s3:*",\n"Resource": "arn:aws:s3:::a"}]}',
            '{"Statement": [{\n"Action": "s3:GetObject",\n"Resource": "arn:aws:s3:::a"}]}',
        ),
        ("a.py", "import os\nos.chmod(path, 0o777)\n", "import os\nos.chmod(path, 0o755)\n"),
        ("a.py", "import os\nos.chmod('key.pem', 0o644)\n", "import os\nos.chmod('key.pem', 0o600)\n"),
        ("a.py", "URL = 'postgresql://postgres:x@db/shop'\n", "URL = 'postgresql://app:x@db/shop'\n"),
    ],
)
def test_accounts(judge, name, bad, good):
    assert len(judge(SLUG, {name: bad}).findings) == 1
    assert not judge(SLUG, {name: good}).findings


def test_evidence_and_projects_without_accounts(judge):
    assert judge(SLUG, {"Dockerfile": "FROM a\nUSER 10001\n"}).sites
    assert judge(SLUG, "x = 1\n").silences
