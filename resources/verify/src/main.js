// The page: checks what it was made with as soon as it is opened, and whatever is dropped or chosen.
import { bytesOf, checkPicture, digestOf } from "./check.js";
import { byId, h, icon } from "./dom.js";
import { embedded, fromBase64, SealReader } from "./reader.js";
import { setLanguage, t, useTexts } from "./texts.js";
import { pictureType } from "./verdict.js";
import { banner, card, otherLanguage, pinned } from "./view.js";

const made = JSON.parse(embedded("made"));
const pin = made.pin ? { pem: made.pin.pem, fingerprint: made.pin.fingerprint } : null;

/** @type {import("./view.js").Item[]} */
let items = [];
/** @type {import("./verdict.js").Checked | null} */
let whole = null;
let typed = "";
let isBusy = false;
let turn = 0;

/** @type {SealReader | null} */
let reader = null;
const sealReader = () => (reader ??= new SealReader());

function show() {
  document.documentElement.lang = made.language;
  document.title = t("page.title");
  byId("page-title").textContent = t("page.title");
  const switcher = byId("language");
  switcher.textContent = t("page.language");
  switcher.setAttribute("lang", otherLanguage());
  byId("print").textContent = t("page.print");
  byId("verdict").replaceChildren(...(items.length || isBusy ? [banner(items, whole, isBusy)] : [h("div", { class: "banner start" }, icon("unsure"), h("div", {}, h("h1", {}, t("page.start")), h("p", {}, t("page.start_lead"))))]));
  byId("pin").replaceChildren(pinned(pin, typed, (value) => (typed = value)));
  byId("files-title").textContent = t("page.files");
  byId("files").hidden = !items.length;
  byId("cards").replaceChildren(...items.map((one) => card(one, false)));
  byId("drop-title").textContent = t("page.drop.title");
  byId("drop-lead").textContent = t("page.drop.lead");
  byId("choose-label").textContent = t("page.drop.choose");
  byId("about").replaceChildren(h("h2", {}, t("page.about.title")), ...["proves", "not", "offline", "trust"].map((key) => h("p", {}, t(`page.about.${key}`))));
  document.body.dataset["state"] = isBusy ? "busy" : "done";
}

/** @param {string} name */
const baseName = (name) => name.slice(name.lastIndexOf("/") + 1);

/** A picture's own bytes to look at; not of what would fill the memory. @param {Blob} blob @param {string} type */
const previewOf = (blob, type) => (type && blob.size < 40_000_000 ? URL.createObjectURL(blob.slice(0, blob.size, type)) : "");

/** @param {{ name: string, blob: Blob, expected?: string }[]} files */
async function check(files) {
  turn += 1;
  const mine = turn;
  for (const one of items) {
    URL.revokeObjectURL(one.preview);
  }
  whole = null;
  isBusy = true;
  items = [];
  for (const { name, blob } of files) {
    const type = pictureType(await bytesOf(blob.slice(0, 16)));
    items.push({ name, title: baseName(name), kind: type ? "picture" : "part", preview: previewOf(blob, type), checked: null });
  }
  show();
  await Promise.all(
    files.map(async ({ name, blob }, at) => {
      const checked = await checkPicture(sealReader(), name, blob, pin);
      const item = items[at];
      if (mine === turn && item) {
        item.checked = checked;
      }
    }),
  );
  if (mine === turn) {
    isBusy = false;
    show();
    byId("said").textContent = byId("verdict").textContent;
  }
}

function start() {
  useTexts(made.texts, made.language);
  byId("language").addEventListener("click", () => {
    made.language = otherLanguage();
    setLanguage(made.language);
    show();
  });
  byId("print").addEventListener("click", () => window.print());
  const chooser = /** @type {HTMLInputElement} */ (byId("choose"));
  chooser.addEventListener("change", () => {
    const files = Array.from(chooser.files ?? [], (one) => ({ name: one.name, blob: one }));
    chooser.value = "";
    if (files.length) {
      check(files);
    }
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
    const files = Array.from(event.dataTransfer?.files ?? [], (one) => ({ name: one.name, blob: one }));
    if (files.length) {
      check(files);
    }
  });
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  isBusy = made.files.length > 0;
  show();
  if (made.files.length) {
    check(made.files.map((/** @type {{name: string, element: string}} */ one) => ({ name: one.name, blob: new Blob([fromBase64(embedded(one.element))]) })));
  }
}

start();
