"""Cookies are kept as a browser keeps them."""

from hypothesis import given
from hypothesis import strategies as st

from vallum.probe.collect.jar import Jar
from vallum.probe.read.cookie import read_cookie


def jar_with(*lines, secure=True, target="/"):
    jar = Jar(secure=secure)
    jar.take([cookie for line in lines if (cookie := read_cookie(line))], target)
    return jar


def test_path_and_order():
    jar = jar_with("a=1; Path=/", "b=2; Path=/deep", "c=3; Path=/deeper")
    assert jar.header("/deep/page?q=1") == "b=2; a=1"
    assert jar.header("/") == "a=1"


def test_default_path_is_the_folder_of_the_page():
    jar = jar_with("a=1", target="/shop/cart?x=/y")
    assert jar.header("/shop/pay") == "a=1"
    assert jar.header("/other") == ""


def test_secure_cookies_need_a_secure_connection():
    assert jar_with("a=1; Secure; Path=/", secure=False).header("/") == ""
    assert jar_with("a=1; Secure; Path=/").header("/") == "a=1"


def test_deletion_and_replacement():
    jar = jar_with("a=1; Path=/", "a=2; Path=/")
    assert jar.header("/") == "a=2"
    jar.take([read_cookie("a=; Max-Age=0; Path=/")])
    assert jar.header("/") == ""


def test_host_prefix_that_is_not_kept_is_not_stored():
    assert jar_with("__Host-a=1; Secure; Path=/x").header("/x") == ""


def test_planted_cookie_takes_the_place_of_its_name():
    jar = jar_with("a=1; Path=/deep")
    jar.plant("a", "evil")
    assert jar.header("/deep") == "a=evil"
    assert jar.get("A") == "evil"
    assert jar.get("b") == ""


def test_copy_is_another_jar():
    jar = jar_with("a=1; Path=/")
    twin = jar.copy()
    jar.plant("a", "2")
    assert twin.header("/") == "a=1"


@given(st.dictionaries(st.sampled_from("abcdef"), st.text("0123456789xyz", min_size=1, max_size=6), max_size=6))
def test_what_was_set_is_sent(pairs):
    jar = jar_with(*(f"{name}={value}; Path=/" for name, value in pairs.items()))
    sent = dict(pair.split("=") for pair in jar.header("/any").split("; ") if pair)
    assert sent == pairs
