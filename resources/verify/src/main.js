// The page: checks what it was made with as soon as it is opened, and whatever is dropped or chosen.
import { checkPackage, measuredByIndex } from "./bag.js";
import { bytesOf, checkPicture, LARGEST } from "./check.js";
import { byId, h, icon } from "./dom.js";
import { embedded, fromBase64, SealReader } from "./reader.js";
import { checkReport } from "./report.js";
import { setLanguage, t, useTexts } from "./texts.js";
import { isGood, ORDER, pictureType, worst } from "./verdict.js";
import { banner, card, compared, otherLanguage, parts, pinned } from "./view.js";
import { isZip } from "./zip.js";

/** @typedef {import("./verdict.js").Checked} Checked */
/** @typedef {import("./view.js").Item} Item */
/** What is to be checked: a file, and how. @typedef {{ item: Item, run: () => Promise<Checked> }} Task */

const made = JSON.parse(embedded("made"));
const pin = made.pin ? { pem: made.pin.pem, fingerprint: made.pin.fingerprint } : null;

/** @type {Item[]} */
let items = [];
/** The verdict on a package as a whole. @type {Checked | null} */
let whole = null;
/** The index of what is shown. @type {any} */
let about = made.index;
/** How many pictures of the package are not in this page. */
let leftOut = 0;
let typed = "";
let isBusy = false;
let turn = 0;
let isBroken = false;

/** @type {SealReader | null} */
let reader = null;
const means = () => ({ reader: (reader ??= new SealReader()), pin, now: Date.now() });

/** What stands first, before anything is checked or when nothing can be. @param {string} key @param {import("./dom.js").IconName} sign */
const opening = (key, sign) => h("div", { class: "banner start" }, icon(sign), h("div", {}, h("h1", {}, t(key)), h("p", {}, t(`${key}_lead`))));

function head() {
  if (isBroken) {
    return opening("page.broken", "foreign");
  }
  if (items.length && !isBusy && compared(pin, typed) === "other") {
    return h("div", { class: "banner foreign-seal", "data-verdict": "foreign-seal" }, icon("foreign"), h("div", {}, h("h1", {}, t("page.pin.other")), h("p", {}, t("verdict.foreign-seal.lead"))));
  }
  return items.length || isBusy ? banner(items, whole, isBusy) : opening("page.start", "unsure");
}

function show() {
  document.documentElement.lang = made.language;
  document.title = t("page.title");
  byId("page-title").textContent = about?.case?.number ? t("page.of_case", { number: about.case.number, desk: about.desk?.name ?? "" }) : t("page.title");
  const switcher = byId("language");
  switcher.textContent = t("page.language");
  switcher.setAttribute("lang", otherLanguage());
  byId("print").textContent = t("page.print");
  byId("verdict").replaceChildren(head());
  byId("pin").replaceChildren(pinned(pin, typed, compare));
  byId("files-title").textContent = t("page.files");
  byId("files").hidden = !items.length;
  cards();
  byId("left-out").hidden = !leftOut;
  byId("left-out").textContent = t("page.left_out", { n: leftOut });
  byId("drop-title").textContent = t(made.files.length && !whole ? "page.drop.whole" : "page.drop.title");
  byId("drop-lead").textContent = t("page.drop.lead");
  byId("choose-label").textContent = t("page.drop.choose");
  byId("about").replaceChildren(h("h2", {}, t("page.about.title")), ...["proves", "not", "offline", "trust"].map((key) => h("p", {}, t(`page.about.${key}`))));
  document.body.dataset["state"] = isBusy ? "busy" : "done";
  document.body.dataset["turn"] = String(turn); // which check this is of: others can wait for the next
}

/** @param {Item} item */
const rank = ({ checked }) => (!checked || isGood(checked.verdict) ? ORDER.length : ORDER.indexOf(checked.verdict));

/** A code that differs takes every good word back. @param {string} value */
function compare(value) {
  typed = value;
  byId("verdict").replaceChildren(head());
}

/** What is wrong first, then the pictures, then the rest in one. */
function cards() {
  const isQuiet = (/** @type {Item} */ one) => one.kind === "part" && one.checked !== null && isGood(one.checked.verdict);
  const loud = items.filter((one) => !isQuiet(one)).map((one, at) => ({ one, rank: rank(one), at }));
  loud.sort((a, b) => a.rank - b.rank || a.at - b.at);
  const quiet = items.filter(isQuiet);
  byId("cards").replaceChildren(...loud.map(({ one }) => card(one, false)), ...(quiet.length ? [parts(quiet)] : []));
}

/** @param {string} name */
const baseName = (name) => name.slice(name.lastIndexOf("/") + 1);

/** A file as it is shown; a preview of what would not fill the memory. @param {string} name @param {Blob | undefined} blob @param {any} [index] @returns {Promise<Item>} */
async function itemOf(name, blob, index) {
  const type = blob ? pictureType(await bytesOf(blob.slice(0, 16))) : "";
  const listed = index?.files?.find((/** @type {any} */ one) => one?.path === name);
  const preview = type && blob && blob.size < 40_000_000 ? URL.createObjectURL(blob.slice(0, blob.size, type)) : "";
  return { name, title: String(listed?.title || baseName(name)), kind: type ? "picture" : "part", preview, checked: null };
}

/** One file's verdict, whatever happens to it. @param {Task} task */
async function finished({ item, run }) {
  try {
    item.checked = await run();
  } catch {
    item.checked = { file: item.name, verdict: "uncheckable", reasons: [["unreadable", {}]], facts: {} };
  }
}

/** A picture or a report by itself. @param {File} blob */
async function checkFile(blob) {
  const isReport = new TextDecoder().decode(await bytesOf(blob.slice(0, 5))) === "%PDF-" && blob.size <= LARGEST;
  return isReport ? checkReport(blob.name, await bytesOf(blob), means()) : checkPicture(means(), blob.name, blob);
}

/** A dropped package among other files. @param {string} name @param {Blob} blob */
async function packageOf(name, blob) {
  const found = await checkPackage(means(), name, blob);
  const shown = await Promise.all(found.items.map(async (checked) => ({ ...(await itemOf(checked.file, found.files.get(checked.file), found.index)), checked })));
  return { whole: found.whole, shown, index: found.index };
}

/** @param {number} mine */
function begin(mine) {
  for (const one of items) {
    URL.revokeObjectURL(one.preview);
  }
  [items, whole, about, leftOut, isBusy] = [[], null, null, 0, true];
  turn = mine;
}

/** @param {number} mine */
function end(mine) {
  if (mine === turn) {
    isBusy = false;
    show();
    byId("said").textContent = byId("verdict").textContent;
  }
}

/** What was dropped or chosen. @param {File[]} files */
async function check(files) {
  const mine = turn + 1;
  begin(mine);
  show();
  /** @type {Item[]} */
  const found = [];
  /** @type {Checked[]} */
  const wholes = [];
  for (const blob of files) {
    if (isZip(await bytesOf(blob.slice(0, 4)).catch(() => new Uint8Array()))) {
      const { whole: one, shown, index } = await packageOf(blob.name, blob);
      found.push(...shown);
      wholes.push(one);
      about = files.length === 1 ? index : null;
      continue;
    }
    const item = await itemOf(blob.name, blob).catch(() => ({ name: blob.name, title: blob.name, kind: /** @type {const} */ ("part"), preview: "", checked: null }));
    found.push(item);
    await finished({ item, run: () => checkFile(blob) });
    if (mine !== turn) {
      return;
    }
  }
  if (mine === turn) {
    items = found;
    whole = wholes.length ? { file: "", verdict: worst(found.map((one) => /** @type {Checked} */ (one.checked).verdict)), reasons: [], facts: {} } : null;
    end(mine);
  }
}

/** What the page was made with. */
async function checkOwn() {
  const mine = turn + 1;
  begin(mine);
  about = made.index;
  leftOut = made.left_out;
  show();
  /** @type {Task[]} */
  const tasks = [];
  for (const { name, element } of made.files) {
    const blob = new Blob([fromBase64(embedded(element))]);
    const item = await itemOf(name, blob, made.index);
    items.push(item);
    tasks.push({ item, run: () => ownChecked(name, blob) });
  }
  show();
  await Promise.all(tasks.map(finished));
  end(mine);
}

/** A picture of this page, by its seal and by the index. @param {string} name @param {Blob} blob @returns {Promise<Checked>} */
async function ownChecked(name, blob) {
  const checked = await checkPicture(means(), name, blob);
  const listed = made.index?.files?.find((/** @type {any} */ one) => one.path === name);
  if (!listed) {
    return checked;
  }
  const isSame = checked.facts["digest"] === listed.sha256 && blob.size === listed.size_bytes;
  return isSame ? measuredByIndex(checked, listed, made.index) : { ...checked, verdict: "altered", reasons: [["index_differs", {}]] };
}

/** @param {FileList | null | undefined} list */
function take(list) {
  const files = Array.from(list ?? []);
  if (files.length) {
    check(files);
  }
}

function listen() {
  byId("language").addEventListener("click", () => {
    made.language = otherLanguage();
    setLanguage(made.language);
    show();
  });
  byId("print").addEventListener("click", () => window.print());
  const chooser = /** @type {HTMLInputElement} */ (byId("choose"));
  chooser.addEventListener("change", () => {
    take(chooser.files);
    chooser.value = "";
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("over");
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, () => document.body.classList.remove("over"));
  }
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer?.files);
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
}

function start() {
  useTexts(made.texts, made.language);
  listen();
  isBroken = typeof WebAssembly === "undefined" || typeof DecompressionStream === "undefined" || typeof Worker === "undefined";
  if (made.files.length && !isBroken) {
    checkOwn();
  } else {
    show();
  }
}

start();
