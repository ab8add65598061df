"""One named policy, and a script that is allowed by its hash; what the script does is run by Node where it is there."""

import hashlib
import shutil
import subprocess
from base64 import b64decode

import pytest

from vallum.base.errors import ConfigError
from vallum.guard.output.csp import NONCE, ContentSecurityPolicy
from vallum.guard.output.trusted_types import POLICY_NAME, SANITISER_HASH, SANITISER_SCRIPT

BROWSER = """
const made = [];
globalThis.window = {
  trustedTypes: { createPolicy: (name, rules) => {
    made.push(name);
    return { createHTML: (text) => ({ trusted: rules.createHTML(text) }) };
  } },
};
%s
let failed = false;
try { window.vallumHtml("<b>") } catch { failed = true }
window.DOMPurify = { isSupported: true, sanitize: (text, settings) => {
  const parsed = settings.TRUSTED_TYPES_POLICY.createHTML(text);
  return parsed.trusted === text ? text.replaceAll("onerror", "") : "not parsed";
} };
const first = window.vallumHtml("<img onerror>").trusted, second = window.vallumHtml("<p onerror>").trusted;
process.stdout.write(JSON.stringify([made, failed, first, second]));
"""


def test_the_policy_names_it() -> None:
    csp = ContentSecurityPolicy(trusted_types=True, trusted_types_policy=POLICY_NAME)
    assert csp.render().endswith("require-trusted-types-for 'script'; trusted-types vallum")
    assert f'createPolicy("{POLICY_NAME}"' in SANITISER_SCRIPT


@pytest.mark.parametrize("name", ["default", "two names", "a;b", "'allow-duplicates'", "*"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="trusted_types_policy"):
        ContentSecurityPolicy(trusted_types=True, trusted_types_policy=name)


def test_a_name_without_the_demand_is_refused() -> None:
    with pytest.raises(ConfigError, match="trusted_types_policy"):
        ContentSecurityPolicy(trusted_types_policy=POLICY_NAME)


def test_the_hash_is_a_source_and_that_of_the_script() -> None:
    csp = ContentSecurityPolicy(script_src=(NONCE, SANITISER_HASH))
    assert SANITISER_HASH in csp.render()
    given = b64decode(SANITISER_HASH.removeprefix("'sha256-").removesuffix("'"))
    assert given == hashlib.sha256(SANITISER_SCRIPT.encode()).digest()


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node here to run the script with")
def test_the_script_sanitises_all_and_fails_without_a_sanitiser() -> None:
    done = subprocess.run(["node", "-e", BROWSER % SANITISER_SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout == '[["vallum"],true,"<img >","<p >"]'
