// Times where the reader is, beside those of the club, where their clocks differ.
//   [data-your-time="2025-04-30T12:00:00+00:00"][data-zone="Europe/Berlin"]   hidden; shown with the time in its <time>
"use strict";

for (const place of document.querySelectorAll("[data-your-time]")) {
  const moment = new Date(place.dataset.yourTime);
  const write = (timeZone) =>
    new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone }).format(moment);
  const mine = write(undefined);
  let there;
  try { there = write(place.dataset.zone); } catch { continue; } // a zone that this browser does not know
  if (mine === there) continue;
  const time = place.querySelector("time");
  time.dateTime = place.dataset.yourTime;
  time.textContent = mine;
  place.hidden = false;
}
