// Keep the page as the ledger is: the server sends its changing part again, whenever that is another one.
"use strict";

const stand = document.getElementById("stand");
const place = document.getElementById("live");

/** Put the new parts in place of those that differ. A link that has the focus keeps it. */
function renew(html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  for (const part of made.querySelectorAll("[data-part]")) {
    const old = place.querySelector(`[data-part="${part.dataset.part}"]`);
    if (old === null || old.outerHTML === part.outerHTML || isInUse(old)) {
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
function isInUse(part) {
  return part.querySelector("details[open], button:focus, summary:focus") !== null;
}

function selectorOf(element) {
  const href = element.getAttribute("href");
  return href === null ? null : `a[href="${CSS.escape(href)}"]`;
}

let source = null;

function say(words, isAway) {
  stand.textContent = words;
  stand.className = isAway ? "stand away" : "stand";
}

/** Listen while the page is seen: a browser has six connections to a host, and each tab would hold one. */
function listen() {
  if (document.hidden || source !== null) {
    return;
  }
  source = new EventSource(stand.dataset.live);
  source.addEventListener("part", (event) => {
    say("Live", false);
    renew(event.data);
  });
  source.addEventListener("trouble", (event) => say(event.data, true));
  source.addEventListener("error", () => {
    const isOver = source === null || source.readyState === EventSource.CLOSED;
    say(isOver ? "Not connected; load the page again" : "Not connected; trying again", true);
  });
}

function rest() {
  source?.close();
  source = null;
}

if (place !== null && stand.dataset.live) {
  listen();
  addEventListener("pageshow", listen);
  addEventListener("pagehide", rest);
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : listen()));
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
