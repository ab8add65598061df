import pytest

from vallum.findings.finding import Silence

SLUG = "unverified-download"


@pytest.mark.parametrize(
    "command",
    [
        "curl -fsSL https://a.example/i.sh | sh",
        "curl https://a.example/i.sh | sudo bash -s -- -y",
        "wget -qO- https://a.example/i.py | python3",
        "bash <(curl -s https://a.example/i.sh)",
        'sh -c "$(curl -fsSL https://a.example/i.sh)"',
        "curl -o tool https://a.example/tool",
        "wget https://a.example/tool.tar.gz",
    ],
)
def test_commands(lines, command):
    assert lines(SLUG, {"setup.sh": f"{command}\n"}) == [["setup.sh:1"], []]
    assert lines(SLUG, {"Dockerfile": f"RUN {command}\n"}) == [["Dockerfile:1"], []]
    assert lines(SLUG, {"setup.sh": f"# {command}\n"}) == [[], []]


@pytest.mark.parametrize(
    "command",
    ["curl -X POST https://a.example/hook", "curl https://a.example/state | jq .x", "curl -o x http://localhost/"],
)
def test_look_alikes(lines, command):
    assert lines(SLUG, {"setup.sh": f"{command}\n"}) == [[], []]


def test_compared(lines):
    text = "curl -o tool https://a.example/tool\necho 'ab  tool' | sha256sum -c -\n"
    assert lines(SLUG, {"setup.sh": text}) == [[], ["setup.sh:1", "setup.sh:2"]]
    assert lines(SLUG, {"Dockerfile": "ADD https://a.example/x /x\n"})[0] == ["Dockerfile:1"]
    assert lines(SLUG, {"Dockerfile": "ADD --checksum=sha256:ab https://a.example/x /x\n"})[0] == []


FETCH = """import hashlib, httpx
def fetch(path):
    answer = httpx.get("{}")
    {}
    path.write_bytes(answer.content)
"""


def test_programs(lines):
    assert lines(SLUG, FETCH.format("https://a.example/model.onnx", "pass")) == [[5], []]
    compared = "check(hashlib.sha256(answer.content).hexdigest())"
    assert lines(SLUG, FETCH.format("https://a.example/model.onnx", compared)) == [[], [5]]
    assert lines(SLUG, FETCH.format("https://a.example/orders", "pass")) == [[], []]
    assert lines(SLUG, "from urllib.request import urlretrieve\nurlretrieve('https://a.example/x', 'x')\n")[0] == [2]


def test_lists_and_locks(lines):
    assert lines(SLUG, {"requirements.txt": "a==1 --hash=sha256:ab\n"}) == [[], ["requirements.txt:1"]]
    assert lines(SLUG, {"requirements.txt": "--index-url http://p.internal/\n"})[0] == ["requirements.txt:1"]
    text = '{"packages": {"node_modules/a": {\n"resolved": "https://r.example/a.tgz"}}}\n'
    assert lines(SLUG, {"package-lock.json": text})[0] == ["package-lock.json:2"]
    sound = text.replace('tgz"', 'tgz", "integrity": "sha512-x"')
    assert lines(SLUG, {"package-lock.json": sound}) == [[], ["package-lock.json:1"]]


def test_projects_without_downloads(judge):
    assert [found.silence for found in judge(SLUG, "print(1)\n").silences] == [Silence.DOES_NOT_APPLY]
