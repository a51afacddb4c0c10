// Elements from data. Text is always text: nothing of foreign origin is ever read as markup.

/** @typedef {string | number | Node | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Attributes that are false, null or undefined are left out; `on…` takes a listener.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child instanceof Node ? child : String(child));
    }
  }
  return element;
}

// Drawn after Tabler Icons (MIT).
const ICONS = {
  good: ["M5 12l5 5l10 -10"],
  rendition: ["M5 12l5 5l10 -10"],
  bad: ["M18 6l-12 12", "M6 6l12 12"],
  foreign: ["M12 8v5", "M12 16.5v.01"],
  unsure: ["M8.5 9a3.5 3 0 0 1 3.5 -3a3.5 3 0 0 1 3.5 3c0 2.5 -3.5 2.5 -3.5 5", "M12 18v.01"],
  none: ["M6 12h12"],
  busy: ["M12 3a9 9 0 1 0 9 9"],
};

/** @typedef {keyof typeof ICONS} IconName */

/** A decorative icon; what it stands for is beside it in words. @param {IconName} name */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  for (const line of ICONS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    svg.append(path);
  }
  return svg;
}

/** The element with this id, which the page has. @param {string} id @returns {HTMLElement} */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) {
    throw new Error(id);
  }
  return found;
}
