// What a screen reader would stumble over on a page, in sentences. Run by test_pages.py.
() => {
  const found = [];
  const say = (element, what) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const textOf = (ids) => (ids ?? "").split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");

  const nameOf = (element) => [
    textOf(element.getAttribute("aria-labelledby")),
    element.getAttribute("aria-label") ?? "",
    ...[...(element.labels ?? [])].map((label) => label.textContent),
    element.matches("button, a, summary, output") ? element.textContent : "",
    ...[...element.querySelectorAll("img[alt]")].map((image) => image.alt),
    element.matches("input[type=submit]") ? element.value : "",
  ].join("").trim();
  const named = "input:not([type=hidden]), select, textarea, button, a[href], summary, output, nav, dialog";
  for (const each of all(`${named}, [role=region], [role=group], [role=img]`)) if (!nameOf(each)) say(each, "no name");

  for (const image of document.images) if (!image.hasAttribute("alt")) say(image, "no alt");
  for (const svg of all("svg")) {
    const isHidden = svg.getAttribute("aria-hidden") === "true" || svg.closest("[hidden], [aria-hidden=true]");
    const isPicture = svg.getAttribute("role") === "img" && svg.getAttribute("aria-label");
    if (!isHidden && !isPicture) say(svg, "neither hidden nor named");
  }

  const counts = new Map();
  for (const { id } of all("[id]")) counts.set(id, (counts.get(id) ?? 0) + 1);
  for (const [id, count] of counts) if (count > 1) found.push(`the id ${id} stands ${count} times`);
  for (const name of ["aria-labelledby", "aria-describedby", "aria-controls", "for", "form", "popovertarget"]) {
    for (const each of all(`[${name}]`)) {
      for (const id of each.getAttribute(name).split(/\s+/)) {
        if (id && !document.getElementById(id)) say(each, `${name} leads nowhere`);
      }
    }
  }
  for (const each of all("use[href^='#'], a[href^='#']")) {
    const id = decodeURIComponent(each.getAttribute("href").slice(1));
    if (id && !document.getElementById(id)) say(each, "leads nowhere");
  }

  if (all("h1").length !== 1) found.push(`${all("h1").length} h1`);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    if (heading.closest("[popover], .prose")) continue;
    const depth = Number(heading.tagName[1]);
    if (depth > level + 1) say(heading, `a jump from level ${level} to ${depth}`);
    level = depth;
  }
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title.trim()) found.push("no title");
  for (const each of all("[style]")) if (!each.closest("math")) say(each, "inline style");
  return found;
}
