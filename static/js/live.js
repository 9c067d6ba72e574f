// Keeps the page of a meeting in step (templates/papers/live.html). Without it the page shows when what is on ends, and
// is loaded again by hand.
//   #live-now                asks for itself every three seconds; data-etag is what it has, and 304 changes nothing
//   [role=timer]             data-ends, data-now (the server's clock when it was written), data-left, data-paused
//   form[data-run]           its buttons are pressed by n, b, p and + as well
//   form[data-ask]           is emptied once a question was asked
//   form[data-notes-form]    saves by itself through the API (data-api), which merges what others wrote meanwhile;
//                            what is being typed is never replaced
"use strict";

/* What is on: asked for, and left alone where nothing has changed */

document.addEventListener("htmx:configRequest", (event) => {
  const state = document.getElementById("live-now");
  if (event.detail.elt !== state) return;
  if (document.hidden) event.preventDefault();
  else event.detail.headers["If-None-Match"] = state.dataset.etag;
});

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 304) event.detail.shouldSwap = false;
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) window.htmx.trigger("#live-now", "look");
});
window.addEventListener("pagehide", () => window.htmx.trigger("#live-now", "htmx:abort"));

// The queue comes beside what is on: the button that had the keyboard has it again.
let hadKeyboard = "", wasOpen = false;
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target } = event.detail;
  hadKeyboard = target.contains(document.activeElement) ? document.activeElement.id : "";
  wasOpen = document.getElementById("settled")?.open ?? false;
});
document.addEventListener("htmx:oobAfterSwap", () => {
  const settled = document.getElementById("settled");
  if (settled) settled.open = wasOpen;
  if (hadKeyboard) document.getElementById(hadKeyboard)?.focus({ preventScroll: true });
});

document.addEventListener("asked", () => document.querySelector("form[data-ask]")?.reset());

/* The clock */

let written = null, offset = 0, lastLeft = null;

function tick() {
  const timer = document.querySelector("[role=timer]");
  if (!timer) { written = null; return; }
  if (timer !== written) { // new from the server: how far this machine's clock is from its
    written = timer;
    offset = Number(timer.dataset.now) - Date.now();
    lastLeft = null;
  }
  const isPaused = "paused" in timer.dataset;
  const left = isPaused ? Number(timer.dataset.left) : Math.round((Date.parse(timer.dataset.ends) - Date.now() - offset) / 1000);
  if (left === lastLeft) return;
  const size = Math.abs(left), text = `${left < 0 ? "+" : ""}${Math.floor(size / 60)}:${String(size % 60).padStart(2, "0")}`;
  timer.querySelector("[data-clock]").textContent = text;
  timer.classList.toggle("over", left < 0);
  timer.setAttribute("aria-label", text);
  // It is silent except at five minutes and at the end.
  if (lastLeft !== null && ((lastLeft > 300 && left <= 300) || (lastLeft > 0 && left <= 0))) window.said(text);
  lastLeft = left;
}
setInterval(tick, 250);
tick();

/* Keys of the one who runs it */

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.repeat || "keys" in document.body.dataset) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const ids = { n: ["run-next"], b: ["run-back"], p: ["run-pause", "run-resume"], "+": ["run-extend"] }[event.key];
  const button = ids?.map((id) => document.getElementById(id)).find(Boolean);
  if (!button || button.form.classList.contains("htmx-request")) return;
  event.preventDefault();
  button.click();
});

/* Notes */

const form = document.querySelector("form[data-notes-form]");
if (form) keepNotes(form);

function keepNotes(form) {
  const target = form.querySelector("[name=item]"); // form.elements.item is a method
  const area = form.elements.text, said = form.querySelector("[data-notes-said]"), about = document.getElementById("notes-about");
  let sent = area.value; // what the server has of this page
  let timer = 0, isBusy = false, follows = "follows" in form.dataset;

  const address = () => target.value === "0" ? form.dataset.api : form.dataset.api.replace("/notes/", `/agenda/${target.value}/notes/`);
  const isDirty = () => area.value !== sent;
  const tell = (name) => { said.textContent = said.dataset[name]; };

  async function ask(method, body) {
    const headers = { Accept: "application/json", "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
    const answer = await fetch(address(), { method, headers, body: body && JSON.stringify(body), credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status), { cause: await answer.json().catch(() => null) });
    return answer.json();
  }

  async function save() {
    clearTimeout(timer);
    if (isBusy || !isDirty()) return;
    isBusy = true;
    const text = area.value;
    try {
      const kept = await ask("PUT", { base_version: Number(form.elements.base_version.value), text });
      if (area.value === text) {
        show(kept.text);
        form.elements.base_version.value = kept.version;
      } else { // typed on meanwhile: go on from what was sent; the next save brings in what others wrote
        sent = text;
        form.elements.base_version.value = kept.mine;
      }
      tell(kept.text === text ? "saved" : "merged");
    } catch (error) {
      const reason = error.cause?.errors?.[0]?.message ?? error.cause?.detail;
      if (reason) said.textContent = reason; else tell("unsaved");
      timer = setTimeout(save, 5000);
    } finally {
      isBusy = false;
    }
    if (isDirty()) plan();
  }

  function plan() {
    clearTimeout(timer);
    timer = setTimeout(save, 1000);
  }

  // Puts the text of the server into the field, the caret where it was among the same words.
  function show(text) {
    sent = text;
    if (area.value === text) return;
    const before = area.value, { selectionStart, selectionEnd } = area;
    let same = 0;
    while (same < before.length && same < text.length && before[same] === text[same]) same += 1;
    const move = (place) => place <= same ? place : Math.max(same, place + text.length - before.length);
    area.value = text;
    if (document.activeElement === area) area.setSelectionRange(move(selectionStart), move(selectionEnd));
  }

  async function look() {
    const state = document.getElementById("live-now");
    if (!state || isBusy || isDirty()) return;
    const on = state.dataset.on, mine = target.value;
    const goesOn = follows && on !== mine && document.activeElement !== area;
    const version = mine === "0" ? state.dataset.sessionNotes : mine === on ? state.dataset.notes : null;
    if (!goesOn && (version === null || Number(version) <= Number(form.elements.base_version.value))) return;
    isBusy = true;
    try {
      if (goesOn) target.value = on;
      const now = await ask("GET");
      if (isDirty()) { // typed while it came
        if (goesOn) target.value = mine;
        return;
      }
      show(now.text);
      form.elements.base_version.value = now.version;
      if (goesOn) about.textContent = now.about;
    } catch {
      if (goesOn) target.value = mine;
    } finally {
      isBusy = false;
    }
  }

  area.addEventListener("input", () => { tell("saving"); plan(); });
  area.addEventListener("blur", save);
  form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
  document.addEventListener("htmx:afterSettle", look);
  setInterval(look, 3000);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  window.addEventListener("beforeunload", (event) => { if (isDirty()) { save(); event.preventDefault(); } });
}
