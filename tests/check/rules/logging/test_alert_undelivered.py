SLUG = "alert-undelivered"


def test_receivers(lines):
    text = """
        route:
          receiver: nobody
          routes:
            - receiver: team
        receivers:
          - name: nobody
          - name: team
            slack_configs:
              - channel: alerts
    """
    assert lines(SLUG, {"am.yml": text}) == [["am.yml:2"], ["am.yml:4"]]


def test_rules(lines):
    text = """
        groups:
          - name: security
            rules:
              - alert: Slow
                expr: x > 1
                for: 2h
                annotations: { runbook_url: "https://a.example" }
              - alert: Mute
                expr: x > 1
              - alert: Good
                expr: x > 1
                for: 5m
                annotations: { runbook_url: "https://a.example" }
    """
    assert lines(SLUG, {"rules.yml": text}) == [["rules.yml:4", "rules.yml:8"], ["rules.yml:10"]]
    assert lines(SLUG, {"rules.yml": text.replace("security", "disk")}) == [[], []]


def test_sinks_of_the_channel(lines):
    text = """
        import logging
        security = logging.getLogger("security")
        security.addHandler(logging.FileHandler("a.log"))
        security.addHandler(logging.StreamHandler())
        shop.addHandler(logging.FileHandler("b.log"))
    """
    assert lines(SLUG, text) == [[3], [4]]


def test_claims(lines):
    text = """
        def failed(error):
            return "Our team has been notified."

        def told(error):
            capture_exception(error)
            return "Our team has been notified."
    """
    assert lines(SLUG, text) == [[2], [6]]


def test_a_deployment_without_a_sink(lines):
    files = {"app.py": 'import logging\nsecurity = logging.getLogger("security")\n', "Dockerfile": "FROM x\n"}
    assert lines(SLUG, files) == [[2], []]
    assert lines(SLUG, files | {"vector.yaml": "sinks:\n  out:\n    type: vector\n"}) == [[], [2]]
    assert lines(SLUG, {"app.py": files["app.py"]}) == [[], []]


def test_the_guard_counts(lines):
    text = """
        import logging
        from fastapi import FastAPI
        from vallum.guard import Guard
        app = FastAPI()
        Guard(app)
        security = logging.getLogger("security")
    """
    assert lines(SLUG, {"app.py": text, "Dockerfile": "FROM x\n"}) == [[], [6]]
