// What every page shares. Each page is whole without it.
//   [data-theme-switch]        a button that switches between light and dark, kept in this browser
//   [data-copy="#id"]          a button that copies the value or the text of #id; [data-copy-done] is its answer
//   [data-confirm="sentence"]  a submit button that asks first; only for what cannot be undone
//   <details class="menu">     closes by Escape and by a click elsewhere
//   [data-pressed]             set here on the button that sent an htmx form, until the answer is there
//   components/not_saved.html  what stands beside a form whose act did not arrive; the form hears the event "notsaved"
//   [data-stage]               says its words aloud when the answer of htmx holds another stage of something that is followed
//   #said                      the live region; `said(text)` or the event "said" (HX-Trigger) writes to it
"use strict";

window.said = (text) => {
  const region = document.getElementById("said");
  if (region) region.textContent = text;
};

// The server's answer to an htmx request: HX-Trigger: {"said": "Promoted. Score 8."}
document.addEventListener("said", (event) => window.said(event.detail.value));
// … and "left": "2 votes left", where a club limits them
document.addEventListener("left", (event) => {
  for (const each of document.querySelectorAll("[data-left]")) each.textContent = event.detail.value;
});

let stageSaid = document.querySelector("[data-stage]")?.dataset.stage;

document.addEventListener("htmx:afterSettle", () => {
  const told = document.querySelector("[data-stage]");
  if (!told || told.dataset.stage === stageSaid) return;
  stageSaid = told.dataset.stage;
  window.said(told.textContent.trim());
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const theme = event.target.closest("[data-theme-switch]");
  if (theme) switchTheme();
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  const asking = event.target.closest("[data-confirm]");
  if (asking && !window.confirm(asking.dataset.confirm)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = event.target.closest("details.menu[open]") ?? document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* storage is off: it holds for this page */ }
}

async function copy(button) {
  const source = document.querySelector(button.dataset.copy);
  const text = source.value ?? source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no permission, or not a secure context: leave it selected, ready for the reader's own copy
    if (source.select) { source.focus(); source.select(); } else getSelection().selectAllChildren(source);
    return;
  }
  const label = button.querySelector("[data-label]") ?? button;
  label.dataset.before ??= label.textContent;
  label.textContent = button.dataset.copyDone;
  window.said(button.dataset.copyDone);
  setTimeout(() => { label.textContent = label.dataset.before; }, 2000);
}

/* Acts sent by htmx: which button it was, what if the answer does not come, and where the keyboard stands afterwards */

document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("hx-post") || event.target.classList.contains("htmx-request")) return;
  event.target.querySelector("[data-pressed]")?.removeAttribute("data-pressed");
  if (event.submitter) event.submitter.dataset.pressed = "";
  placeOf(event.target).querySelector("[data-error]")?.remove();
}, true);

function placeOf(form) {
  return form.closest(".paper") ?? form.parentElement;
}

function showNotSaved(form, why) {
  form.dispatchEvent(new CustomEvent("notsaved", { bubbles: true }));
  const error = document.getElementById("not-saved")?.content.cloneNode(true).firstElementChild;
  if (!error) return;
  const place = placeOf(form), button = form.querySelector("[data-pressed]");
  place.querySelector("[data-error]")?.remove();
  for (const each of error.querySelectorAll("[data-why]")) each.hidden = each.dataset.why !== why;
  error.querySelector("[data-again]").addEventListener("click", () => { error.remove(); button?.click(); });
  (place.querySelector(".paper-side") ?? place).append(error);
}

for (const [type, why] of [["htmx:sendError", "offline"], ["htmx:timeout", "offline"], ["htmx:responseError", "refused"]]) {
  document.addEventListener(type, (event) => {
    const form = event.detail.elt.closest("form");
    if (form) showNotSaved(form, [401, 403].includes(event.detail.xhr.status) ? "signed-out" : why);
  });
}

let hadFocus = null; // the control that had the keyboard, between htmx:beforeSwap and htmx:afterSettle

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target, requestConfig, serverResponse, shouldSwap } = event.detail;
  hadFocus = null;
  if (!shouldSwap) return;
  if (/^\s*<!doctype/i.test(serverResponse)) { // led away to a whole page, such as sign-in: no part of this one
    event.detail.shouldSwap = false;
    const form = requestConfig.elt.closest("form");
    if (form) showNotSaved(form, "signed-out"); else location.reload();
    return;
  }
  const active = document.activeElement;
  if (target.contains(active) && target.id) hadFocus = { region: target.id, id: active.id, name: active.name, label: active.ariaLabel };
});

document.addEventListener("htmx:afterSettle", () => {
  const region = hadFocus && document.getElementById(hadFocus.region);
  const was = hadFocus;
  hadFocus = null;
  if (!region || region.contains(document.activeElement)) return;
  const controls = [...region.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea")];
  const same = controls.find((each) => was.id ? each.id === was.id : each.name === was.name && each.ariaLabel === was.label);
  (same ?? controls.find((each) => each.matches("input")) ?? controls[0])?.focus({ preventScroll: true });
});
