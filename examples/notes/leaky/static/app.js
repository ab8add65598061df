// Live preview, suggestions for sharing, and what was searched for.
(function () {
  var body = document.getElementById("body");
  var preview = document.getElementById("preview");

  function showPreview() {
    fetch("/notes/preview", { method: "POST", body: new URLSearchParams({ body: body.value }) })
      .then(function (answer) { return answer.text(); })
      .then(function (html) { preview.innerHTML = html; });
  }

  if (body && preview) {
    var wait;
    body.addEventListener("input", function () {
      clearTimeout(wait);
      wait = setTimeout(showPreview, 300);
    });
    showPreview();
  }

  var shareWith = document.getElementById("share-with");
  if (shareWith) {
    shareWith.addEventListener("input", function () {
      fetch("/api/users?q=" + shareWith.value)
        .then(function (answer) { return answer.json(); })
        .then(function (people) {
          document.getElementById("people").innerHTML = people
            .map(function (person) { return "<option value='" + person.username + "'>" + person.display_name + "</option>"; })
            .join("");
        });
    });
  }

  var searched = document.getElementById("searched");
  if (searched && (NOTES.query || location.hash)) {
    searched.innerHTML = "Searched for " + (NOTES.query || decodeURIComponent(location.hash.slice(1)));
  }

  document.querySelectorAll(".danger").forEach(function (form) {
    form.addEventListener("submit", function (event) {
      if (!confirm("Delete this note for good?")) event.preventDefault();
    });
  });

  window.addEventListener("load", function () {
    if (window.hljs) window.hljs.highlightAll();
  });
})();
