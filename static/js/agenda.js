// Moves items of an agenda by their handle: drag it, or press the up and down keys while it has the keyboard. Without
// this file the buttons beside it do the same. The markup it reads (templates/papers/_agenda_item.html):
//   <ol class="agenda">
//     <li data-item="2">       an item, and its place among all
//       <form data-move>       takes to=3&closing=0 as well as its buttons
//         <button data-grip>   the handle
//     <li data-gap>            where papers are to come in; what stands below closes the session
"use strict";

document.addEventListener("keydown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || !["ArrowUp", "ArrowDown"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const button = grip.form.querySelector(`[name="step"][value="${event.key === "ArrowUp" ? "-1" : "1"}"]`);
  if (!button.disabled && !grip.form.classList.contains("htmx-request")) button.click();
});

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button !== 0) return;
  const item = grip.closest("li"), list = item.parentElement, begin = [...list.children];
  grip.setPointerCapture(event.pointerId);
  item.classList.add("dragged");

  // The others make way, since what has hold of the pointer loses it when it is itself put elsewhere.
  function follow(move) {
    const middle = (each) => each.getBoundingClientRect().top + each.getBoundingClientRect().height / 2;
    while (item.nextElementSibling && move.clientY > middle(item.nextElementSibling)) item.before(item.nextElementSibling);
    while (item.previousElementSibling && move.clientY < middle(item.previousElementSibling)) item.after(item.previousElementSibling);
  }

  function end(last) {
    grip.removeEventListener("pointermove", follow);
    for (const type of ["pointerup", "pointercancel"]) grip.removeEventListener(type, end);
    document.removeEventListener("keydown", leave, true);
    item.classList.remove("dragged");
    const now = [...list.children];
    if (now.every((each, place) => each === begin[place])) return;
    if (last.type === "pointerup") send(grip.form, item, now);
    else list.append(...begin);
  }

  function leave(key) {
    if (key.key !== "Escape") return;
    key.preventDefault();
    end(key);
  }

  grip.addEventListener("pointermove", follow);
  for (const type of ["pointerup", "pointercancel"]) grip.addEventListener(type, end);
  document.addEventListener("keydown", leave, true);
});

function send(form, item, rows) {
  const gap = rows.findIndex((each) => "gap" in each.dataset);
  const facts = { to: rows.filter((each) => "item" in each.dataset).indexOf(item) + 1 };
  if (gap >= 0) facts.closing = rows.indexOf(item) > gap ? 1 : 0;
  for (const [name, value] of Object.entries(facts)) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  form.requestSubmit();
}
