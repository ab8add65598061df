import pytest

SLUG = "discontinued-agent"


@pytest.mark.parametrize(
    ("name", "text", "found", "sound"),
    [
        ("requirements.txt", "flask==3.0.3\nsqreen==1.25.1\n", [2], []),
        ("requirements.txt", "ddtrace==2.9\n", [], [1]),
        ("a.py", "import sqreen\n", [1], []),
        ("a.py", "from sqreen import start\n", [1], []),
        ("a.py", "import ddtrace.auto\n", [], [1]),
        ("a.py", "squeeze = 'sqreen'\n", [], []),
        ("nginx.conf", "modsecurity off;\n", [1], []),
        ("nginx.conf", "modsecurity on;\n", [], [1]),
        (".htaccess", "SecRuleEngine DetectionOnly\n", [1], []),
        ("Dockerfile", "ENV DD_APPSEC_ENABLED=true\n", [], [1]),
        ("Dockerfile", "ENV DD_APPSEC_ENABLED=false\n", [1], []),
        ("main.tf", 'resource "aws_wafv2_web_acl" "a" {}\n', [], [1]),
    ],
)
def test_agents_and_firewalls(lines, name, text, found, sound):
    assert lines(SLUG, {name: text}) == [[f"{name}:{line}" for line in found], [f"{name}:{line}" for line in sound]]


def test_the_guard_reports(lines):
    assert lines(SLUG, "from vallum.guard import Guard\nGuard(app)\n") == [[], [2]]
