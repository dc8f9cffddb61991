// Keeps what a page shows up to date; every page works without it.
//
// One stream tells which line of the journal was written and whom it concerns. A page that is
// concerned is fetched anew and its marked parts are put in place; what somebody is typing in stays.
"use strict";

// A picture that is too large is said to be before it is sent: the answer comes only afterwards.
document.addEventListener("change", (event) => {
  const field = event.target;
  if (!field.matches("input[type=file][data-bytes-max]")) return;
  const large = Array.from(field.files).some((file) => file.size > Number(field.dataset.bytesMax));
  field.setCustomValidity(large ? field.dataset.tooLarge : "");
  field.reportValidity();
});

(() => {
  const person = document.body.dataset.person;
  if (person === undefined || !("EventSource" in window)) return;

  const connection = document.getElementById("connection");
  let source = null;
  let last = document.body.dataset.seq;
  let wanted = false;
  let busy = false;

  const parts = () => Array.from(document.querySelectorAll("[data-live]"));
  const isMine = () => parts().every((part) => part.dataset.live === "mine");

  function typing(part) {
    const there = document.activeElement;
    if (part.contains(there) && there.matches("input, textarea, select")) return true;
    return Array.from(part.querySelectorAll("input:checked, textarea, input:not([type]), input[type=file]")).some(
      (field) => (field.type === "radio" ? field.checked : field.value !== field.defaultValue),
    );
  }

  async function load() {
    if (busy) { wanted = true; return; }
    busy = true;
    wanted = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts()) {
        const fresh = page.getElementById(part.id);
        if (fresh === null || typing(part) || fresh.innerHTML === part.innerHTML) continue;
        const id = part.contains(document.activeElement) ? document.activeElement.id : "";
        part.innerHTML = fresh.innerHTML;
        if (id) document.getElementById(id)?.focus();
      }
    } finally {
      busy = false;
      // At most about once a second, and not all pages in the same moment.
      if (wanted) setTimeout(load, 700 + Math.random() * 600);
    }
  }

  function heard(event) {
    last = event.lastEventId || last;
    const told = JSON.parse(event.data);
    if (isMine() && !told.people.includes(person)) return;
    setTimeout(load, isMine() ? 0 : Math.random() * 200);
  }

  function open() {
    source = new EventSource("/stream?since=" + encodeURIComponent(last));
    source.addEventListener("run", heard);
    source.addEventListener("reset", () => setTimeout(load, Math.random() * 1000));
    source.onopen = () => { connection.textContent = ""; };
    source.onerror = () => { connection.textContent = connection.dataset.lost; };
  }

  // A browser has six connections for a host: a page that nobody sees gives its own back.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { source?.close(); source = null; return; }
    if (source === null) { open(); load(); }
  });

  open();
})();
