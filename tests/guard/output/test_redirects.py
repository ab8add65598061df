"""The judge of every answer is a WHATWG URL parser that is not ours: node's `URL`."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vallum.base.errors import ConfigError
from vallum.guard.output.redirects import Redirects

CORPUS = json.loads((Path(__file__).parent / "redirect_payloads.json").read_text(encoding="utf-8"))
HOSTS = ["help.example.org", "shop.example.org:8443"]
REDIRECTS = Redirects(fallback="/start", hosts=HOSTS)
LOCAL_ONLY = Redirects()
BASE = "https://app.example/account/login"
NODE = """
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [target, base] = JSON.parse(line);
  let answer = null;
  try { answer = new URL(target, base); } catch {}
  const { protocol, host, username, href } = answer ?? {};
  console.log(JSON.stringify(answer && { protocol, host, username, href }));
});
"""
Browser = Callable[..., dict[str, str] | None]


@pytest.fixture(scope="module")
def browse() -> Iterator[Browser]:
    with subprocess.Popen(["node", "-e", NODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as node:

        def ask(target: str, base: str = BASE) -> Any:
            print(json.dumps([target, base]), file=node.stdin, flush=True)
            return json.loads(node.stdout.readline())

        yield ask
        node.stdin.close()


def test_the_corpus_is_large() -> None:
    assert len(CORPUS["refused"]) == len(set(CORPUS["refused"])) >= 200


@pytest.mark.parametrize("payload", CORPUS["refused"])
def test_cve_2021_32618_and_cve_2023_49438_no_payload_leaves_the_fallback(payload: str) -> None:
    assert REDIRECTS.resolve(payload) == "/start"
    assert LOCAL_ONLY.resolve(payload) == "/"
    assert not REDIRECTS.allows(payload)


@pytest.mark.parametrize(("target", "written"), CORPUS["allowed"].items())
def test_good_targets_are_kept(target: str, written: str) -> None:
    assert REDIRECTS.resolve(target) == written
    assert REDIRECTS.allows(target)
    assert REDIRECTS.resolve(written) == written


def test_the_corpus_would_fool_a_browser(browse: Browser) -> None:
    led_away = [payload for payload in CORPUS["refused"] if _host(browse(payload)) != "app.example"]
    assert len(led_away) > 100


def _host(answer: dict[str, str] | None) -> str | None:
    return answer and answer["host"]


TRICKS = st.sampled_from([
    "/", "//", "\\", "\t", "\n", "\r", "\0", " ", ".", "..", "%2e", "%2f", "%5c", "%0a", "@", ":", "?", "#", "[", ";",
    "https:", "https://", "HTTPS://", "http://", "javascript:", "evil.example", "help.example.org",
    "shop.example.org:8443", ":443", ":8443", "\u3002", "\uff0f", "\u2215", "\xad", "\ud800", "a", "0x7f.1",
])  # fmt: skip
TARGETS = st.one_of(st.text(max_size=30), st.lists(TRICKS, max_size=8).map("".join))


@given(target=TARGETS)
@example("/.//evil.example")
@example("https://help.example.org\\@evil.example")
def test_a_browser_always_stays_here_or_on_an_allowed_host(browse: Browser, target: str) -> None:
    answer = REDIRECTS.resolve(target)
    assert re.fullmatch("[!-~]+", answer)
    for scheme in ("https", "http"):
        seen = browse(answer, f"{scheme}://app.example/account/login")
        assert seen is not None
        assert not seen["username"]
        if answer.startswith("/"):
            assert (seen["protocol"], seen["host"]) == (f"{scheme}:", "app.example")
        else:
            assert seen["protocol"] == "https:"
            assert seen["host"] in HOSTS


@given(target=TARGETS)
def test_an_allowed_target_means_the_same_after_it_was_rewritten(browse: Browser, target: str) -> None:
    if REDIRECTS.allows(target):
        assert browse(REDIRECTS.resolve(target)) == browse(target)


@given(
    path=st.lists(st.text("abcXYZ019-_~.", min_size=1, max_size=8).filter(lambda part: set(part) != {"."}), max_size=5)
)
def test_ordinary_paths_are_unchanged(path: list[str]) -> None:
    target = "/" + "/".join(path)
    assert REDIRECTS.resolve(target) == target


def test_nothing_leads_to_the_fallback() -> None:
    assert REDIRECTS.resolve(None) == "/start"
    assert REDIRECTS.resolve("") == "/start"
    assert Redirects(fallback="https://help.example.org", hosts=HOSTS).resolve("x") == "https://help.example.org/"


@pytest.mark.parametrize("host", [
    "https://help.example.org", "help.example.org/a", "*.example.org", "a@b", "", "a..b", "-a.b", "hélp.example.org",
    "127.0.0.1", "1", "0x7f", "a.0x1:80", "a:0", "a.", "a\n", "x" * 64,
])  # fmt: skip
def test_a_host_that_could_be_read_in_two_ways_is_refused(host: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Redirects(hosts=[host])
    assert caught.value.code == "redirect-host"


def test_one_string_of_hosts_is_refused() -> None:
    with pytest.raises(ConfigError):
        Redirects(hosts="help.example.org")


@pytest.mark.parametrize("fallback", ["", "//evil.example", "https://evil.example", "home"])
def test_a_fallback_that_leads_away_is_refused(fallback: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Redirects(fallback=fallback)
    assert caught.value.code == "redirect-fallback"
