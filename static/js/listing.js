/* A listing read with keys, a thumb or a mouse. Without this file every act is a form of its row that loads the page again.

The markup it reads, so that the templates match:

  <ol class="papers" data-seen-url="/where/reading/stopped">      data-seen-url only where the place is kept
    <li class="paper" id="p12" data-n="32" data-state="new" [aria-current="true"]>
      .paper-margin  <span class="num">32</span>
      .paper-title   <h3 class="paper-title" id="t12"><a href="/papers/12">
      .paper-side    the forms; hx-post, hx-target="closest .paper", hx-swap="outerHTML" (the last two may stand on the <ol>);
                     buttons .vote-up, .vote-down, .vote-present with aria-pressed, [name=skip] while the paper is neither
                     skipped nor voted on, [name=restore] when it is skipped. One form for all or one each: only the buttons matter.

  data-state is new, unseen, seen, promoted, demoted or skipped; the server says it with each row, here nothing is guessed.

  <svg class="ticks wide" id="strip" viewBox="0 0 900 28" …>      paper n has its tick at x = 10 n - 5
    <path class="faint" d="M415 14V20…"/>  unseen
    <path class="done" …/>                 14 to 20: seen or skipped
    <path class="new-mark" …/>             10 to 20: new
    <path class="up" …/>                    2 to 20: promoted
    <path class="down" …/>                 14 to 28: demoted
    <path class="now" d="M315 0V28"/>      the current paper
  All six paths are there, empty ones too. [data-count="promoted"] and its kin (each state, and "seen": all but new and
  unseen; "voted": promoted and demoted; "open": new and unseen) anywhere on the page hold the number of such ticks.

  components/dock.html, components/keys.html, components/not_saved.html

The server's answer to an act is the row, whole, with HX-Trigger: {"said": "Promoted. Score 8."}. */
"use strict";

const list = document.querySelector(".papers");
const strip = document.getElementById("strip");
const dock = document.querySelector(".dock");
const PATH_OF_STATE = { unseen: "faint", new: "new-mark", seen: "done", skipped: "done", promoted: "up", demoted: "down" };
const SPAN_OF_PATH = { faint: [14, 20], done: [14, 20], "new-mark": [10, 20], up: [2, 20], down: [14, 28], now: [0, 28] };
const BUTTONS = { up: ".vote-up", down: ".vote-down", present: ".vote-present", skip: "[name=skip]", restore: "[name=restore]" };

const rows = () => [...list.querySelectorAll(":scope > .paper")];
const currentRow = () => list.querySelector(":scope > .paper[aria-current]");
const buttonOf = (row, act) => act && row.querySelector(BUTTONS[act]);
const isPressed = (row, act) => buttonOf(row, act)?.ariaPressed === "true";
const dockIsShown = () => Boolean(dock?.getClientRects().length);
const actOf = (button) => Object.keys(BUTTONS).find((act) => button.matches(BUTTONS[act]));

/* Where the reader is */

let reading = false; // a finger moves the page, so the current paper may follow it

function setCurrent(row) {
  const before = currentRow();
  if (before === row) return;
  before?.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  showCurrent(row);
}

function showCurrent(row) {
  if (strip) strip.querySelector(".now")?.setAttribute("d", tick(row.dataset.n, "now"));
  if (!dock) return;
  dock.querySelector("[data-dock-n]").textContent = row.dataset.n;
  dock.querySelector("[data-dock-title]").textContent = row.querySelector(".paper-title").textContent.trim();
  for (const button of dock.querySelectorAll("[data-act]")) {
    button.ariaPressed = String(button.dataset.act === "skip" ? row.dataset.state === "skipped" : isPressed(row, button.dataset.act));
  }
}

/* Make this row the current one, bring it into view and say its title. */
function goTo(row) {
  if (!row) return;
  reading = false;
  const focusWasInList = list.contains(document.activeElement);
  setCurrent(row);
  row.scrollIntoView({ block: dockIsShown() ? "start" : "nearest", behavior: "instant" });
  // The keyboard's own place comes along if it was in the list; the title is then read as the link it is.
  if (focusWasInList) row.querySelector(".paper-title a").focus({ preventScroll: true });
  else window.said(row.querySelector(".paper-title").textContent.trim());
}

function neighbour(step) {
  const all = rows(), index = all.indexOf(currentRow());
  if (index >= 0) return all[index + step];
  return firstOnScreen();
}

function firstOnScreen() {
  const all = rows();
  return all.find((row) => row.getBoundingClientRect().bottom > 80) ?? all[0];
}

const isOpen = (row) => ["new", "unseen"].includes(row.dataset.state);

function isOnScreen(row) {
  const { top, bottom } = row.getBoundingClientRect();
  return bottom > 80 && top < innerHeight - dock.offsetHeight;
}

/* Acts: each presses the button that stands in the row */

const done = [];            // what u takes back, newest last: { id, act }
const underway = new Map(); // the act being saved, by its row's id: { step, isUndo }
const waiting = new Map();  // acts on a row that is still being saved, by the row's id: [{ act, undoing }]
let undoing = null;         // the step that u takes back just now

function press(row, name) {
  if (underway.has(row.id)) { wait(row, name); return; }
  const button = buttonOf(row, name);
  button?.click(); // not requestSubmit: htmx learns from the click which button it was
}

function wait(row, name) {
  waiting.set(row.id, [...(waiting.get(row.id) ?? []), { act: name, undoing }]);
}

function act(name) {
  const row = currentRow();
  if (!row) { goTo(neighbour(1)); return; }
  const takesBack = name === "skip" ? row.dataset.state === "skipped" : isPressed(row, name);
  press(row, name === "skip" && takesBack ? "restore" : name);
  if (name !== "present" && !takesBack) goTo(neighbour(1));
}

function undo() {
  const step = done.pop();
  const row = step && document.getElementById(step.id);
  if (!row) return;
  goTo(row);
  undoing = step;
  press(row, step.act);
  undoing = null;
}

/* How to take an act back: the same toggle again, or the vote that it replaced. */
function inverse(row, name) {
  if (name === "skip") return "restore";
  if (name === "restore") return "skip";
  const other = { up: "down", down: "up" }[name];
  return other && isPressed(row, other) ? other : name;
}

document.addEventListener("submit", (event) => {
  const row = event.target.closest(".paper"), button = event.submitter;
  const name = row && button && list?.contains(row) && actOf(button);
  if (!name) return;
  if (underway.has(row.id)) {
    event.preventDefault();
    event.stopPropagation();
    wait(row, name);
    return;
  }
  setCurrent(row);
  if (!window.htmx) return; // the browser sends the form and loads the page
  const step = undoing ?? { id: row.id, act: inverse(row, name) };
  if (!undoing) done.push(step);
  underway.set(row.id, { step, isUndo: Boolean(undoing) });
}, true);

/* The answer: the row came back from the server, whole */

let before = null; // what the row was, between htmx:beforeSwap and htmx:afterSwap

document.addEventListener("htmx:beforeSwap", (event) => {
  const row = event.detail.target;
  before = null;
  if (!row.matches?.(".papers > .paper") || !event.detail.shouldSwap) return;
  const active = document.activeElement;
  before = {
    id: row.id,
    state: row.dataset.state,
    isCurrent: row === currentRow(),
    focus: row.contains(active) ? actOf(active) ?? "title" : null,
  };
});

document.addEventListener("htmx:afterSwap", () => {
  const row = before && document.getElementById(before.id);
  if (!row) return;
  const was = before;
  before = null;
  if (was.isCurrent) setCurrent(row); else row.removeAttribute("aria-current");
  setTick(row.dataset.n, was.state, row.dataset.state);
  watcher?.observe(row);
  if (was.focus) {
    const partner = { skip: "restore", restore: "skip" }[was.focus];
    (buttonOf(row, was.focus) ?? buttonOf(row, partner) ?? row.querySelector(".paper-title a")).focus({ preventScroll: true });
  }
});

// Only now does htmx listen to the new row's forms.
document.addEventListener("htmx:afterSettle", (event) => {
  const row = event.target;
  if (!row.matches?.(".papers > .paper")) return;
  const { step, isUndo } = underway.get(row.id) ?? {};
  underway.delete(row.id);
  if (row.querySelector("[data-error]") && step) forget(step, isUndo); // refused: the row says why
  const next = waiting.get(row.id)?.shift();
  if (!next) return;
  undoing = next.undoing;
  press(row, next.act);
  undoing = null;
});

/* It did not come back: site.js says so in the row; here it is as if the act had not been */

document.addEventListener("notsaved", (event) => {
  const row = event.target.closest(".papers > .paper");
  if (!row) return;
  const { step, isUndo } = underway.get(row.id) ?? {};
  underway.delete(row.id);
  waiting.delete(row.id);
  if (step) forget(step, isUndo);
});

function forget(step, isUndo) {
  if (isUndo) done.push(step);
  else done.splice(done.lastIndexOf(step), 1);
}

/* The strip */

function tick(n, path) {
  const [from, to] = SPAN_OF_PATH[path];
  return `M${10 * n - 5} ${from}V${to}`;
}

function setTick(n, before, after) {
  if (!strip || before === after) return;
  for (const [name, mark] of [[PATH_OF_STATE[before], ""], [PATH_OF_STATE[after], tick(n, PATH_OF_STATE[after])]]) {
    const path = strip.querySelector(`.${name}`);
    path.setAttribute("d", mark ? path.getAttribute("d") + mark : path.getAttribute("d").replace(tick(n, name), ""));
  }
  const count = (...names) => names.reduce((sum, name) => sum + (strip.querySelector(`.${name}`).getAttribute("d").match(/M/g) ?? []).length, 0);
  const counts = {
    promoted: count("up"), demoted: count("down"), voted: count("up", "down"), new: count("new-mark"),
    seen: count("up", "down", "done"), open: count("new-mark", "faint"),
  };
  for (const each of document.querySelectorAll("[data-count]")) {
    const held = each.dataset.count;
    if (held in counts) each.textContent = counts[held];
    else if (held === before) each.textContent = Number(each.textContent) - 1;
    else if (held === after) each.textContent = Number(each.textContent) + 1;
  }
}

/* Keys, dock, thumb, mouse */

const KEYS = {
  j: () => goTo(neighbour(1)), k: () => goTo(neighbour(-1)),
  v: () => act("up"), x: () => act("down"), s: () => act("skip"), p: () => act("present"), u: undo,
  "?": () => document.getElementById("keys")?.togglePopover(),
};

if (list) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.body.dataset.keys === "off") return;
    if (event.target.closest("input, textarea, select, [contenteditable], details.menu")) return;
    const sheet = document.querySelector("[popover]:popover-open");
    if (sheet && event.key !== "?") return;
    if (event.repeat && !"jk".includes(event.key)) return;
    const key = KEYS[event.key];
    if (key) { event.preventDefault(); key(); return; }
    if (event.key === "Enter" && document.activeElement === document.body) currentRow()?.querySelector(".paper-title a").click();
  });

  dock?.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button && button.ariaDisabled !== "true") act(button.dataset.act);
  });
  list.addEventListener("click", (event) => {
    const row = event.target.closest(".paper");
    if (row) setCurrent(row);
  });
  addEventListener("touchmove", () => { reading = true; }, { passive: true });
  addEventListener("hashchange", followHash);
  followHash();
  // The dock acts on what is seen: where reading stopped is often further down, and a link leads there.
  const first = currentRow();
  if (first && (!dockIsShown() || isOnScreen(first))) showCurrent(first);
  else if (dockIsShown() && rows()[0]) setCurrent(rows().find((row) => isOpen(row) && isOnScreen(row)) ?? firstOnScreen());
  // Where reading stopped is kept when the page is left, not at each step.
  const here = currentRow()?.id;
  document.addEventListener("visibilitychange", () => {
    const row = currentRow();
    if (document.visibilityState !== "hidden" || !list.dataset.seenUrl || !row || row.id === here) return;
    const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
    fetch(list.dataset.seenUrl, { method: "POST", headers, body: new URLSearchParams({ paper: row.id.slice(1) }), keepalive: true }).catch(() => {});
  });
}

function followHash() {
  const row = location.hash.startsWith("#p") && document.getElementById(location.hash.slice(1));
  if (row && list.contains(row)) setCurrent(row);
}

/* Under a thumb the current paper is the one that crosses a line near the top of the page. */
const watcher = list && matchMedia("(pointer: coarse)").matches
  ? new IntersectionObserver((entries) => {
      for (const entry of entries) if (reading && entry.isIntersecting) setCurrent(entry.target);
    }, { rootMargin: "-96px 0px -75% 0px" })
  : null;
if (watcher) for (const row of rows()) watcher.observe(row);
