"""The script behind the passkey buttons: it asks the browser, posts what it said, and goes where the server leads."""

from typing import Final

SCRIPT: Final = """"use strict";
(() => {
  const kinds = window.PublicKeyCredential;
  if (!kinds || !kinds.parseRequestOptionsFromJSON) return;
  let waiting = null;

  async function post(address, token, fields) {
    const headers = {"content-type": "application/json", "x-csrf-token": token};
    const answer = await fetch(address, {method: "POST", headers, body: JSON.stringify(fields)});
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail);
    return told;
  }

  async function ask(kind, options, conditional) {
    if (waiting) waiting.abort();
    waiting = new AbortController();
    const signal = waiting.signal;
    if (kind === "create") {
      return navigator.credentials.create({publicKey: kinds.parseCreationOptionsFromJSON(options), signal});
    }
    const request = {publicKey: kinds.parseRequestOptionsFromJSON(options), signal};
    return navigator.credentials.get(conditional ? {...request, mediation: "conditional"} : request);
  }

  async function run(button, conditional) {
    const {passkey, options, answer, token} = button.dataset;
    const status = button.parentElement.querySelector("[role=status]");
    const next = new URLSearchParams(location.search).get("next") || "";
    try {
      const {options: asked} = await post(options, token, {});
      const credential = await ask(passkey, asked, conditional);
      const fields = {kind: "passkey", code: JSON.stringify(credential), next};
      const done = await post(answer, token, fields);
      location.assign(done.next || location.pathname);
    } catch (error) {
      if (error.name !== "AbortError") status.textContent = error.message;
    }
  }

  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => run(button, false));
    if (button.dataset.autofill === "yes" && kinds.isConditionalMediationAvailable) {
      kinds.isConditionalMediationAvailable().then((can) => can && run(button, true));
    }
  }
})();
"""
