// On the thank-you page: the link to the customer's own copy of the pictures, as soon as there are any.

import { myCopy } from "./api.js";
import { h } from "./dom.js";
import { t } from "./texts.js";

/** @typedef {import("./app.js").App} App */

// The service may hear of the call's end after this page asks, and the agent's last picture may still be on its way.
const TRIES_MS = [0, 1_000, 2_000, 5_000, 15_000, 40_000];

/**
 * @param {App} app
 * @returns {{element: HTMLElement, close: () => void}}
 */
export function copyOffer(app) {
  const element = h("div", { class: "copy-offer", hidden: true });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let tries = 0;
  let isClosed = false;
  const look = async () => {
    const answer = app.token ? await myCopy(app.token) : null;
    if (isClosed) {
      return;
    }
    if (answer?.ok && answer.value.pictures > 0) {
      show(element, answer.value);
    }
    const wait = TRIES_MS[++tries];
    if (answer && wait !== undefined) {
      timer = setTimeout(() => void look(), wait);
    }
  };
  timer = setTimeout(() => void look(), TRIES_MS[0]);
  return { element, close: () => { isClosed = true; clearTimeout(timer); } };
}

/**
 * @param {HTMLElement} element
 * @param {import("./types").CopyView} copy
 */
function show(element, copy) {
  const words = t(copy.pictures === 1 ? "copy.offer_one" : "copy.offer", { n: copy.pictures });
  if (element.dataset["words"] === words) {
    return;
  }
  element.dataset["words"] = words;
  element.replaceChildren(
    h("p", {}, words),
    h("a", { class: "button second", href: `/copy${new URL(copy.link).hash}`, "data-name": "copy" }, t("copy.see")),
    h("p", { class: "small" }, t("copy.keep_link")));
  element.hidden = false;
}
