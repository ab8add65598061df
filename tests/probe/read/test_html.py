"""A page is read as a browser would read it."""

from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.read.html import find_text, read_page


def test_form_with_its_fields():
    page = read_page(
        '<form method=post action="/notes" enctype="multipart/form-data">'
        '<input name=title maxlength=80 required value="A &amp; B"><input type=hidden name=csrf value=abc>'
        "<textarea name=body>first <b>line</b></textarea><input type=file name=picture>"
        "<select name=sort><option>title<option value=u selected>updated</select>"
        "<input type=radio name=size value=s><input type=radio name=size value=l checked>"
        "<input name=off disabled><input type=submit value=Go></form>"
    )
    (form,) = page.forms
    assert (form.action, form.method, form.encoding) == ("/notes", "POST", "multipart/form-data")
    fields = {field.name: field for field in form.fields}
    assert fields["title"].value == "A & B"
    assert (fields["title"].longest, fields["title"].required) == (80, True)
    assert fields["body"].value == "first <b>line</b>"
    assert (fields["sort"].choices, fields["sort"].value) == (("title", "u"), "u")
    assert (fields["size"].choices, fields["size"].value) == (("s", "l"), "l")
    assert fields["picture"].kind == "file"
    assert "off" not in fields


def test_first_option_is_taken_when_none_is_selected():
    (form,) = read_page("<form><select name=a><option>x</option><option>y</option></select></form>").forms
    assert form.fields[0].value == "x"


def test_markup_in_text_elements_is_no_element():
    page = read_page("<title><script>a()</script></title><textarea><img src=x onerror=b()></textarea><p>c")
    assert [element.tag for element in page.elements] == ["title", "textarea", "p"]


def test_markup_in_comments_and_scripts_is_no_element():
    page = read_page("<!-- <b> --><script>'<i>'</script><style>a>b{}</style><u>")
    assert [element.tag for element in page.elements] == ["script", "style", "u"]
    assert list(find_text(page.elements, "script")) == ["'<i>'"]
    assert "<i>" not in page.text


def test_first_of_two_attributes_counts():
    element = read_page('<a href="/one" HREF="/two" disabled>x</a>').elements[0]
    assert element.get("href") == "/one"
    assert element.has("disabled")
    assert element.get("title") == ""


def test_links_resources_and_meta():
    page = read_page(
        '<a href="/a">a</a><a>no</a><link rel=stylesheet href="/s.css"><script src="/a.js"></script>'
        '<meta name="CSRF-Token" content="t1"><base href=x>'
    )
    assert page.links == ("/a",)
    assert page.resources == ("/a.js", "/s.css")
    assert page.meta("csrf-token") == "t1"
    assert page.meta("other") == ""


def test_words_of_two_elements_stay_apart():
    assert read_page("<button>Out</button>ValueError: x").text == "Out ValueError: x"


@given(st.text())
def test_any_text_can_be_read(text):
    page = read_page(text)
    assert page == read_page(text)


@given(st.text(alphabet=st.characters(blacklist_characters="<>&\r\0", blacklist_categories=("Cs",)), max_size=40))
def test_text_without_markup_makes_no_element(text):
    assert read_page(f"<p>{text}</p>").elements[0].text == text
    assert len(read_page(f"<p>{text}</p>").elements) == 1


def test_slash_at_the_end_of_a_tag_means_nothing():
    page = read_page("<script/><b></script><img src=x />")
    assert [element.tag for element in page.elements] == ["script", "img"]
