// What does not fit the window, in sentences: what makes the page wider than it, and words of ours that break in two.
() => {
  const root = document.documentElement, width = root.clientWidth, found = [];

  const isScrolled = (element) => {
    for (let up = element.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflowX !== "visible") return true;
    }
    return false;
  };
  if (Math.max(root.scrollWidth, document.body.scrollWidth) > width) {
    const sticksOut = (element) => element.getBoundingClientRect().right > width + 0.5 && !isScrolled(element);
    const innermost = [...document.body.querySelectorAll("*")].filter(sticksOut).slice(-3);
    found.push(...innermost.map((each) => each.outerHTML.slice(0, 160)), `the page is ${root.scrollWidth} px wide`);
  }

  const range = document.createRange();
  for (const each of document.querySelectorAll(".state, .new, .num, .button, nav a, th, label, summary, h2")) {
    if (!each.checkVisibility()) continue; // what is folded away is laid out in whatever room there is
    const walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest("[dir=auto], .sr")) continue; // outside text may have to break
      for (const word of node.data.matchAll(/\p{Letter}+/gu)) {
        range.setStart(node, word.index);
        range.setEnd(node, word.index + word[0].length);
        const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
        if (lines.size > 1) found.push(`“${word[0]}” breaks: ${each.outerHTML.slice(0, 160)}`);
      }
    }
  }
  return found;
}
