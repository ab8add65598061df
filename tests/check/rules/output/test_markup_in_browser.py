import pytest

SLUG = "markup-in-browser"


@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("box.innerHTML = name;", "box.textContent = name;"),
        ("box.innerHTML += '<b>' + name;", "box.innerHTML = '<hr>';"),
        ("box.insertAdjacentHTML('beforeend', name);", "box.insertAdjacentHTML('beforeend', '<hr>');"),
        ("document.write(name);", "document.write('<p>');"),
        ("$('#a').html(name);", "$('#a').text(name);"),
        ("frame.srcdoc = `<p>${name}`;", "frame.srcdoc = `<p>`;"),
        ("eval(name);", "retrieval(name);"),
        ("setTimeout('go(' + name + ')', 1);", "setTimeout(() => go(name), 1);"),
        ("box.innerHTML = DOMPurify.sanitize(name).replace(/a/, x);", "box.innerHTML = DOMPurify.sanitize(name);"),
        (
            "<p dangerouslySetInnerHTML={{ __html: a }} />",
            "<p dangerouslySetInnerHTML={{ __html: DOMPurify.sanitize(a) }} />",
        ),
    ],
)
def test_sinks(judge, bad, good):
    assert len(judge(SLUG, {"static/a.js": bad}).findings) == 1
    assert not judge(SLUG, {"static/a.js": good}).findings


def test_bundles_and_projects_without_browser_code(judge):
    assert judge(SLUG, {"static/vendor/a.js": "a.innerHTML = b;"}).silences
    assert judge(SLUG, "x = 1\n").silences
