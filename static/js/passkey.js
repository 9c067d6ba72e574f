// What a reader is told when the passkey did not come: allauth's own scripts only write to the console.
"use strict";

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const words = document.getElementById("passkey-words").content;
  const isHere = window.PublicKeyCredential !== undefined;
  const why = !isHere ? "unsupported" : event.detail.exception?.name === "NotAllowedError" ? "cancelled" : "failed";
  const notice = words.querySelector(`[data-why="${why}"]`).cloneNode(true);
  document.querySelector("[data-passkey-failed]")?.remove();
  notice.dataset.passkeyFailed = "";
  document.querySelector("main h1").closest(".head, h1").after(notice);
});
