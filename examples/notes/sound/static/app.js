// Live preview, suggestions for sharing, and what was searched for. Text is only ever set as text.
(function () {
  "use strict";
  const body = document.getElementById("body");
  const preview = document.getElementById("preview");
  const ALLOWED = ["P", "H2", "H3", "H4", "UL", "LI", "STRONG", "EM", "CODE", "A"];

  // Builds the fragment anew from the elements that notes have; anything else is kept as text.
  function copy(from, to) {
    from.childNodes.forEach((node) => {
      if (node.nodeType === Node.TEXT_NODE) {
        to.append(node.textContent);
      } else if (ALLOWED.includes(node.nodeName)) {
        const element = document.createElement(node.nodeName);
        if (node.nodeName === "A" && /^(https:|mailto:|\/(?!\/))/.test(node.getAttribute("href") || "")) {
          element.href = node.getAttribute("href");
        }
        if (node.className === "sum") element.className = "sum";
        copy(node, element);
        to.append(element);
      } else {
        copy(node, to);
      }
    });
  }

  // The browser reads the answer as a document that runs nothing; no text of ours becomes markup (Trusted Types).
  function showPreview() {
    const form = new URLSearchParams({ body: body.value, csrf_token: body.form.elements.csrf_token.value });
    const request = new XMLHttpRequest();
    request.open("POST", "/notes/preview");
    request.responseType = "document";
    request.addEventListener("load", () => {
      if (request.status !== 200 || !request.response) return;
      preview.replaceChildren();
      copy(request.response.body, preview);
    });
    request.send(form);
  }

  if (body && preview) {
    let wait;
    body.addEventListener("input", () => {
      clearTimeout(wait);
      wait = setTimeout(showPreview, 300);
    });
    showPreview();
  }

  const shareWith = document.getElementById("share-with");
  if (shareWith) {
    shareWith.addEventListener("input", async () => {
      if (!shareWith.value) return;
      const answer = await fetch("/api/users?" + new URLSearchParams({ q: shareWith.value }));
      if (!answer.ok) return;
      const options = (await answer.json()).map((person) => {
        const option = document.createElement("option");
        option.value = person.username;
        option.textContent = person.display_name;
        return option;
      });
      document.getElementById("people").replaceChildren(...options);
    });
  }

  const searched = document.getElementById("searched");
  if (searched && searched.dataset.query) {
    searched.textContent = "Searched for " + searched.dataset.query;
  }
})();
