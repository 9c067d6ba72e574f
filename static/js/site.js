// What every page shares. Each page is whole without it.
//   [data-theme-switch]        a button that switches between light and dark, kept in this browser
//   [data-copy="#id"]          a button that copies the value or the text of #id; [data-copy-done] is its answer
//   [data-confirm="sentence"]  a submit button that asks first; only for what cannot be undone
//   <details class="menu">     closes by Escape and by a click elsewhere
//   #said                      the live region; `said(text)` or the event "said" (HX-Trigger) writes to it
"use strict";

window.said = (text) => {
  const region = document.getElementById("said");
  if (region) region.textContent = text;
};

// The server's answer to an htmx request: HX-Trigger: {"said": "Promoted. Score 8."}
document.addEventListener("said", (event) => window.said(event.detail.value));

document.addEventListener("click", (event) => {
  if (event.target.closest('[aria-disabled="true"]')) event.preventDefault();
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
