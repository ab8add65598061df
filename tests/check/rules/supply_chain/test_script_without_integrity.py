import pytest

SLUG = "script-without-integrity"
HASH = "sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8K/uxy9rx7HNQlGYl1kPzQho1wx4JwY8wC"
GOOD = f'integrity="{HASH}" crossorigin="anonymous"'


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://cdn.example/a/1.0/a.js"></script>',
        "<script src='//cdn.example/a.js'></script>",
        "<script defer src=http://cdn.example/a.js></script>",
        '<link rel="stylesheet" href="https://cdn.example/a.css">',
        '<link href="https://cdn.example/a.js" rel="modulepreload">',
        f'<script src="https://cdn.example/a.js" integrity="{HASH}"></script>',
        '<script src="https://cdn.example/a.js" integrity="sha1-abc" crossorigin></script>',
        f'<script src="https://cdn.example/a@latest/a.js" {GOOD}></script>',
        '<script\n  src="https://cdn.example/a.js"\n  crossorigin="anonymous"></script>',
    ],
)
def test_resources_on_trust(lines, tag):
    for path in ("page.html", "templates/page.jinja"):
        assert lines(SLUG, {path: f"<p>\n{tag}\n"}) == [[f"{path}:2"], []]


@pytest.mark.parametrize(
    "tag",
    [
        f'<script src="https://cdn.example/a/1.0/a.js" {GOOD}></script>',
        f'<link rel="stylesheet" href="https://cdn.example/a.css" {GOOD}>',
        f'<script\n  src="//cdn.example/a.js"\n  {GOOD}></script>',
        '<script src="https://cdn.example/a.js" integrity="{{ hash }}" crossorigin></script>',
    ],
)
def test_resources_with_a_hash(lines, tag):
    assert lines(SLUG, {"page.html": f"<p>\n{tag}\n"}) == [[], ["page.html:2"]]


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="/static/a.js"></script>',
        "<script>let a = 1;</script>",
        "<script src=\"{{ url_for('static', filename='a.js') }}\"></script>",
        '<link rel="icon" href="https://cdn.example/a.png">',
        '<link rel="preconnect" href="https://cdn.example/">',
        '<a href="https://cdn.example/a.js">x</a>',
    ],
)
def test_what_is_no_code_of_another_host(lines, tag):
    assert lines(SLUG, {"page.html": tag}) == [[], []]
    assert lines(SLUG, {"tests/page.html": '<script src="https://cdn.example/a.js"></script>'}) == [[], []]
