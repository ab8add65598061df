"""Trusted Types: one named policy that wraps the sanitiser, so that no other code can make markup of text (CSP3).

    GuardPolicy(csp=ContentSecurityPolicy(trusted_types=True, trusted_types_policy=POLICY_NAME))

    <script src="/static/purify.js" nonce="{{ csp_nonce }}"></script>
    <script nonce="{{ csp_nonce }}">{{ SANITISER_SCRIPT }}</script>
    <script ...>box.innerHTML = vallumHtml(reply.body)</script>

All else that reaches `innerHTML` and the like fails in the browser. Sources: W3C Trusted Types; ASVS 1.3.1 and 3.2.2.
"""

import hashlib
from base64 import b64encode
from typing import Final

KEEPS: Final = ("dom-text-sinks",)

POLICY_NAME: Final = "vallum"
SANITISER_SCRIPT: Final = """\
(() => {
  "use strict";
  const types = window.trustedTypes;
  let inside = false;
  const clean = (text) => {
    if (inside) return text;
    if (!window.DOMPurify || !window.DOMPurify.isSupported) throw new TypeError("DOMPurify is not loaded.");
    inside = true;
    try {
      const settings = { RETURN_TRUSTED_TYPE: false };
      if (policy) settings.TRUSTED_TYPES_POLICY = policy;
      return String(window.DOMPurify.sanitize(String(text), settings));
    } finally {
      inside = false;
    }
  };
  const policy = types && types.createPolicy("vallum", { createHTML: clean, createScriptURL: () => null });
  const make = (text) => (policy ? policy.createHTML(text) : clean(text));
  Object.defineProperty(window, "vallumHtml", { value: make });
})();
"""
"""Defines `vallumHtml(text)`, which returns sanitised markup for `innerHTML`; it fails when DOMPurify is not loaded.

The policy hands text through unchanged to the sanitiser itself only, while that parses; no caller holds the policy.
"""


def hash_script(script: str) -> str:
    """The source for `script_src` that allows exactly this inline script: "'sha256-...'" (CSP3, section 2.3.1)."""
    return f"'sha256-{b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


SANITISER_HASH: Final = hash_script(SANITISER_SCRIPT)
"""The source of `SANITISER_SCRIPT`, for pages that cannot carry a nonce."""
