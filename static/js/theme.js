// Before the first paint: the theme this reader chose, and the mark that scripts run. The only script that blocks.
document.documentElement.classList.add("js");
try {
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch { /* storage is off: the system's theme holds */ }
