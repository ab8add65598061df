import pytest

from vallum.findings.finding import Confidence, Silence

SLUG = "hardcoded-secret"
TOKEN = "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"  # an expired sample that was published
SECRET = "Zt7-harbour-4c81"

PYTHON = [
    ('SECRET_KEY = "{}"', 'SECRET_KEY = os.environ["SECRET_KEY"]'),
    ('app.config["SECRET_KEY"] = "{}"', 'app.config["SECRET_KEY"] = read_secret("key")'),
    ('app.secret_key = b"{}"', "app.secret_key = load()"),
    ('X = os.environ.get("API_KEY", "{}")', 'X = os.environ.get("API_KEY", "")'),
    ('X = os.environ.get("API_KEY") or "{}"', 'X = os.environ.get("API_KEY") or fail()'),
    ('API_KEY = os.getenv("K", "{}")', 'API_KEY = os.getenv("K")'),
    ('X = {{"default": {{"PASSWORD": "{}"}}}}', 'X = {"default": {"PASSWORD": Path("/run/secrets/x").read_text()}}'),
    ('connect(user="a", password="{}")', 'connect(user="a", password=password)'),
    ('def connect(password="{}"): ...', 'def connect(password=""): ...'),
    ('class S(BaseSettings):\n    signing_secret: str = "{}"', "class S(BaseSettings):\n    signing_secret: SecretStr"),
    ('token_secret = SecretStr("{}")', 'token_secret = SecretStr(os.environ["T"])'),
    ('secret: str = Field(default="{}")', "secret: str = Field(min_length=32)"),
    ('DEMO_PASSWORDS = ["{}"]', "DEMO_PASSWORDS = []"),
    ('requests.get(url, auth=("ann", "{}"))', 'requests.get(url, auth=("ann", password))'),
    ('x = HTTPBasicAuth("ann", "{}")', 'x = HTTPBasicAuth("ann", password)'),
    ('smtp.login("ann", "{}")', 'smtp.login("ann", password)'),
    ('import jwt\njwt.encode(x, "{}")', "import jwt\njwt.encode(x, key)"),
    ('import jwt\njwt.decode(x, "{}", algorithms=["HS256"])', 'import jwt\njwt.decode(x, key, algorithms=["HS256"])'),
    ('from cryptography.fernet import Fernet\nFernet(b"{}")', "from cryptography.fernet import Fernet\nFernet(key)"),
    ('import hmac\nhmac.new(b"{}", m, "sha256")', 'import hmac\nhmac.new(key, m, "sha256")'),
    ('h = {{"Authorization": "Bearer {}"}}', 'h = {"Authorization": f"Bearer {token}"}'),
    ('if password == "{}": ...', 'if password == "": ...'),
    ('api_key = "{}" if live else None', "api_key = a if live else None"),
    ('url = "postgresql+psycopg2://shop:{}@db.internal/shop"', 'url = "postgresql+psycopg2://shop:{pw}@db/shop"'),
]


@pytest.mark.parametrize(("bad", "good"), PYTHON)
def test_python(judge, bad, good):
    code = "import os\n" + bad.format(SECRET)
    judged = judge(SLUG, code)
    assert [finding.where.line for finding in judged.findings] == [code.count("\n") + 1]
    assert not judged.sites
    sound = judge(SLUG, f"import os\n{good}")
    assert not sound.findings
    assert [site.where.line for site in sound.sites] == [1]


@pytest.mark.parametrize(
    ("path", "line", "good"),
    [
        (".env", "SMTP_PASSWORD={}", "SMTP_PASSWORD="),
        (".env", "export SMTP_PASSWORD='{}'", "export SMTP_PASSWORD=${{OTHER}}"),
        ("Dockerfile", "ENV APP_SECRET={}", "ENV APP_SECRET_FILE=/run/secrets/app"),
        ("Dockerfile", "ENV APP_SECRET {}", "ENV APP_SECRET $X"),
        ("compose.yaml", "      POSTGRES_PASSWORD: {}", "      POSTGRES_PASSWORD_FILE: /run/secrets/db"),
        ("compose.yaml", "      - POSTGRES_PASSWORD={}", "      - POSTGRES_PASSWORD=${{DB_PASSWORD}}"),
        ("config.yaml", "  password: {} # of the shop", "  password: # from the environment"),
        ("config.toml", 'secret_key = "{}"', 'secret_key = "env:SECRET_KEY"'),
        ("config.json", ' {{"apiKey": "{}"}}', ' {{"apiKey": ""}}'),
        ("setup.ini", "password = {}", "password = %(password)s"),
        ("main.tf", 'db_password = "{}"', "db_password = var.db_password"),
        ("run.sh", 'export API_KEY="{}"', 'export API_KEY="$1"'),
        ("run.sh", "sshpass -p {} ssh a", "sshpass -p $PW ssh a"),
        ("run.sh", "mysql -u root -p{} shop", "mysql -u root -p shop"),
        ("run.sh", "curl -u ann:{} https://a.internal", "curl -u ann:$PW https://a.internal"),
        ("app.js", "const apiSecret = '{}';", "const apiSecret = process.env.API_SECRET;"),
        ("app.ts", "  password: `{}`,", "  password: string,"),
        ("nginx.conf", "proxy_pass https://u:{}@inner/;", "proxy_pass https://inner/;"),
    ],
)
def test_other_files(lines, path, line, good):
    assert lines(SLUG, {path: f"# first\n{line.format(SECRET)}\n"}) == [[f"{path}:2"], []]
    assert lines(SLUG, {path: f"# first\n{good.format()}\n"}) == [[], [f"{path}:1"]]


@pytest.mark.parametrize("path", ["a.py", "page.html", "notes.sql", "a.ipynb", "requirements.txt", "a.jsx"])
def test_tokens_of_providers_are_found_in_every_file(lines, path):
    assert lines(SLUG, {path: f"# {TOKEN}\n"}) == [[f"{path}:1"], []]
    assert lines(SLUG, {path: f"# {TOKEN[:-1]}A\n"}) == [[], [f"{path}:1"]]


@pytest.mark.parametrize(("bad", "_"), PYTHON)
def test_no_remark_shows_the_secret(judge, bad, _):
    code = f"import os\n{bad.format(SECRET)}  # {SECRET}\n"
    assert judge(SLUG, code).findings
    for remark in judge(SLUG, code).findings:
        assert SECRET not in repr(remark)
        assert "***" in remark.where.text


def test_two_secrets_on_a_line_hide_each_other(judge):
    other = "qq-99-orchid-17"
    judged = judge(SLUG, f'a(password="{SECRET}", api_key="{other}", note="{TOKEN}")\n')
    assert len(judged.findings) == 3
    for finding in judged.findings:
        assert finding.where.text == 'a(password=***, api_key=***, note="***")'


def test_a_secret_over_several_lines_is_masked(judge):
    body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU"
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{body}\n-----END OPENSSH PRIVATE KEY-----"
    judged = judge(SLUG, {"app.py": f'X = 1\nKEY = """{key}"""\n'})
    assert [(finding.where.line, finding.where.text) for finding in judged.findings] == [(2, 'KEY = """***')]
    assert "b3Blb" not in repr(judged.findings)


def test_a_secret_is_told_once(judge):
    judged = judge(SLUG, f'import os\nGITHUB_TOKEN = os.environ.get("GITHUB_TOKEN", "{TOKEN}")\n')
    assert [finding.reason for finding in judged.findings] == ["A GitHub token stands here as a literal."]


def test_tests_documents_and_samples_are_judged_mildly(judge):
    drawn, worded = "f3Kq8ZtLw2VxN7pRy5Bc1JmD", SECRET
    for path in ("tests/test_a.py", "docs/conf.py"):
        judged = judge(SLUG, {path: f'PASSWORD = "{drawn}"\nOTHER_PASSWORD = "{worded}"\n'})
        assert [(finding.where.line, finding.confidence) for finding in judged.findings] == [(1, Confidence.LOW)]
    judged = judge(SLUG, {".env.example": f"A_PASSWORD={drawn}\nB_PASSWORD={worded}\nC_TOKEN={TOKEN}\n"})
    assert [finding.where.line for finding in judged.findings] == [1, 3]
    assert {finding.confidence for finding in judged.findings} == {Confidence.LOW}


@pytest.mark.parametrize(
    "code",
    [
        'PASSWORD = "password"',
        'TOKEN_NAME = "access_token"',
        'labels = {"password": "Your password", "token": "Token 12"}',
        'parser.add_argument("--password", help="secret123")',
        'SECRET_KEY = "dev"',
        'password = getpass("Password 1: ")',
        'csrf_token = "csrf-token"',
        'session_key = "_auth_user_id"',
        'x.replace(password="p4ss-{}".format(n))',
        'hmac.new(key, b"message-12345", "sha256")',
        'auth=("user", "password")',
        'assert response.headers["Authorization"] == "Basic realm"',
    ],
)
def test_words_that_are_no_secrets(judge, code):
    assert not judge(SLUG, code + "\n").findings


def test_lock_files_are_not_read_by_name(lines):
    assert lines(SLUG, {"package-lock.json": '{"token": "f3Kq8ZtLw2VxN7pRy5Bc1JmD"}\n'}) == [
        [],
        ["package-lock.json:1"],
    ]


def test_labels_of_configuration_are_no_secrets(lines):
    text = "password: Enter 8 letters\nlogin: {password: Passwort}\nfields: [password, token]\n"
    assert lines(SLUG, {"messages.yaml": text}) == [[], ["messages.yaml:1"]]


def test_nothing_to_read(judge):
    assert [silence.silence for silence in judge(SLUG, {}).silences] == [Silence.NOTHING_EXAMINED]
