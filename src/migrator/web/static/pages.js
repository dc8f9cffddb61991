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

  const isWall = () => parts().some((part) => part.dataset.live === "wall");

  // Clocks go on between two looks: run time is read once and passes at its own speed.
  let readAt = Date.now();
  const twoDigits = { hour: "2-digit", minute: "2-digit", timeZone: document.body.dataset.zone };
  const hands = new Intl.DateTimeFormat("sv-SE", twoDigits);
  const runTime = () =>
    Date.parse(document.body.dataset.now) + (Date.now() - readAt) * Number(document.body.dataset.speed);

  function lasting(milliseconds) {
    const minutes = Math.max(0, Math.floor(milliseconds / 60000));
    const hours = Math.floor(minutes / 60);
    const rest = minutes - hours * 60;
    const said = hours ? [`${hours}\u00a0h`] : [];
    if (rest || !hours) said.push(`${rest}\u00a0min`);
    return said.join("\u00a0");
  }

  function tick() {
    if (Number(document.body.dataset.speed) === 0) return;
    const now = runTime();
    for (const left of document.querySelectorAll(".left[data-until]")) {
      const until = Date.parse(left.dataset.until);
      if (until > now) left.textContent = lasting(until - now);
    }
    for (const clock of document.querySelectorAll(".clock[data-clock]")) {
      clock.textContent = hands.format(new Date(now));
    }
  }

  async function load() {
    if (busy) { wanted = true; return; }
    busy = true;
    wanted = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (answer.redirected) { location.reload(); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      readAt = Date.now();
      document.body.dataset.now = page.body.dataset.now;
      document.body.dataset.speed = page.body.dataset.speed;
      for (const part of parts()) {
        const fresh = page.getElementById(part.id);
        if (fresh === null || typing(part)) continue;
        if (part.className !== fresh.className) part.className = fresh.className;
        if (fresh.innerHTML === part.innerHTML) continue;
        const id = part.contains(document.activeElement) ? document.activeElement.id : "";
        part.innerHTML = fresh.innerHTML;
        if (id) document.getElementById(id)?.focus();
      }
    } finally {
      busy = false;
      // At most about once a second, and not all pages in the same moment; walls are few.
      if (wanted) setTimeout(load, isWall() ? 100 : 700 + Math.random() * 600);
    }
  }

  function heard(event) {
    last = event.lastEventId || last;
    const told = JSON.parse(event.data);
    if (isMine() && !told.people.includes(person)) return;
    setTimeout(load, isMine() || isWall() ? 0 : Math.random() * 200);
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
  setInterval(tick, 1000);
  // What no event tells: a clock that becomes urgent, a leader that is gone.
  setInterval(() => { if (isWall() && !document.hidden) load(); }, 20000);
})();
