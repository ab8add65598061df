from vallum.findings.finding import Silence

SLUG = "production-secret-in-file"
SECRET = "kind: Secret\nmetadata:\n  name: shop\nstringData:\n  password: {}\n"


def test_manifests_of_kubernetes(lines, judge):
    assert lines(SLUG, {"s.yaml": SECRET.format("tulip-harbour-9921")}) == [["s.yaml:5"], []]
    assert lines(SLUG, {"s.yaml": SECRET.format("${PASSWORD}")}) == [[], []]
    assert lines(SLUG, {"s.yaml": SECRET.format("placeholder")}) == [[], []]
    assert lines(SLUG, {"s.yaml": SECRET.format("ENC[AES256_GCM,data:x]")}) == [[], []]
    shown = judge(SLUG, {"s.yaml": SECRET.format("tulip-harbour-9921")}).findings[0].where.text
    assert "tulip" not in shown


def test_references(lines):
    text = "kind: Pod\nenv:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef: {name: a, key: b}\n"
    assert lines(SLUG, {"p.yaml": text}) == [[], ["p.yaml:5"]]


def test_files_that_say_production(lines):
    text = "services:\n  web:\n    environment:\n      DB_PASSWORD: tulip-harbour-9921\n"
    assert lines(SLUG, {"compose.production.yaml": text}) == [["compose.production.yaml:4"], []]
    assert lines(SLUG, {"compose.yaml": text}) == [[], []]
    assert lines(SLUG, {".env.production": "DB_PASSWORD=tulip-harbour-9921\nPORT=80\n"}) == [[".env.production:1"], []]
    assert lines(SLUG, {"compose.production.yaml": "DB_PASSWORD: ${DB_PASSWORD}\n"}) == [[], []]


FETCH = """import boto3, json
from pathlib import Path
def load(path):
    value = json.loads(boto3.client("secretsmanager").get_secret_value(SecretId="a")["SecretString"])
    {}
    return value
"""


def test_copies_on_the_disk(lines):
    assert lines(SLUG, FETCH.format("path.write_text(json.dumps(value))")) == [[5], [4]]
    assert lines(SLUG, FETCH.format("path.write_text('fetched')")) == [[], [4]]


def test_files_of_the_image(lines):
    code = "from pathlib import Path\nx = Path('{}').read_text()\n"
    name = "settings_production.py"
    assert lines(SLUG, {name: code.format("/srv/app/secrets.json")}) == [[f"{name}:2"], []]
    assert lines(SLUG, {name: code.format("/run/secrets/secrets.json")}) == [[], []]
    assert lines(SLUG, {"app.py": code.format("/srv/app/secrets.json")}) == [[], []]


def test_masked_types_are_no_manager(judge):
    found = judge(SLUG, "from pydantic import SecretStr\nx = token.get_secret_value()\n")
    assert [silence.silence for silence in found.silences] == [Silence.DOES_NOT_APPLY]
