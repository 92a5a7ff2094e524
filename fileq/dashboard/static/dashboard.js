// Keep the page as the ledger is: the server sends its changing part again, whenever that is another one.
"use strict";

const stand = document.getElementById("stand");
const place = document.getElementById("live");

/** Put the new parts in place of those that differ; what has the focus, or is open, keeps it. */
function renew(html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  for (const part of made.querySelectorAll("[data-part]")) {
    const old = place.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old === null || old.outerHTML === part.outerHTML || old.contains(document.activeElement) && keepsFocus(old)) {
      continue;
    }
    const focused = old.contains(document.activeElement) ? selectorOf(document.activeElement) : null;
    old.replaceWith(document.adoptNode(part));
    if (focused !== null) {
      place.querySelector(focused)?.focus({ preventScroll: true });
    }
  }
}

/** Whether somebody is about to press a button here: it must not go from under the hand. */
function keepsFocus(part) {
  return part.querySelector("details[open]") !== null;
}

function selectorOf(element) {
  const href = element.getAttribute("href");
  return href === null ? null : `a[href="${CSS.escape(href)}"]`;
}

if (place !== null && stand.dataset.live) {
  const source = new EventSource(stand.dataset.live);
  source.addEventListener("part", (event) => {
    stand.textContent = "Live";
    stand.className = "stand";
    renew(event.data);
  });
  source.addEventListener("trouble", (event) => {
    stand.textContent = event.data;
    stand.className = "stand away";
  });
  source.addEventListener("error", () => {
    stand.textContent = "Not connected; trying again";
    stand.className = "stand away";
  });
  addEventListener("pagehide", () => source.close());
}

/** A picture that can't be shown says so in words. */
function tellMissing(image) {
  const words = document.createElement("p");
  words.className = "none";
  words.textContent = image.alt;
  image.replaceWith(words);
}

addEventListener("error", (event) => {
  if (event.target instanceof HTMLImageElement) {
    tellMissing(event.target);
  }
}, true);
for (const image of document.querySelectorAll("img")) {
  if (image.complete && image.naturalWidth === 0) {
    tellMissing(image);
  }
}
