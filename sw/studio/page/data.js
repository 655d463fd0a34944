// Step 1: what the dataset is; pictures and tables of one's own.

import { call, get, post, url } from "./api.js";
import { button, fill, h, meter, number } from "./dom.js";
import { showJob } from "./main.js";
import { camera, pad } from "./pad.js";
import { t } from "./text.js";

const AT_ONCE = 4;  // uploads at a time

export default function data(context) {
  const own = context.snapshot.choices.dataset === "own";
  const job = h("div"), summary = h("div"), way = h("div");
  const collected = h("div"), sending = h("p", { role: "status" });
  const element = h("div", {}, own && collecting(context, collected, sending), way, job, summary);

  return { element, update(now) {
    if (own) {
      fill(collected, now.uploaded, () => Object.entries(now.uploaded).map(([name, count]) =>
        meter(name, count / Math.max(...Object.values(now.uploaded)), number(count))));
    }
    const last = context.last("data"), about = last?.state === "done" && now.data;
    showJob(job, about ? null : last);
    fill(summary, about, () => about ? described(context, about) : []);
    const busy = now.choices.auto, fresh = about && !now.runs.length && !busy;
    fill(way, [fresh, busy, now.choices.board], () => busy
      ? h("p", { class: "hint" }, t("onTheWay")) : fresh ? allTheWay(context) : []);
  }, leave: () => element.querySelector("video")?.srcObject?.getTracks().forEach((track) => track.stop()) };
}

function allTheWay(context) {
  const hint = h("p", { class: "hint" }, t("estimating")), found = get(context.path("networks"));
  found.then((some) => { hint.textContent = t("allTheWayHint", { network: some.default, ...context.snapshot.choices }); },
    () => { hint.textContent = ""; });
  return h("section", { class: "card way" }, button(t("allTheWay"), () => context.attempt(async () => {
    await post(context.path(), { network: { recipe: (await found).default }, auto: true });
    context.go("train");
  }), { class: "primary" }), hint);
}

function described(context, about) {
  const most = Math.max(...about.train), sum = (counts) => number(counts.reduce((a, b) => a + b, 0));
  const rows = about.labels.map((label, index) => [label, about.train[index], about.test[index]]);
  return [
    h("p", { class: "hint" }, t("classes", { count: rows.length, train: sum(about.train), test: sum(about.test) })),
    h("table", { class: "classes" }, h("thead", {}, h("tr", {}, ["class", "training", "testing", "samples"]
      .map((key) => h("th", { scope: "col" }, t(key))))),
    h("tbody", {}, rows.slice(0, 40).map(([label, train, test], index) => h("tr", {},
      h("th", { scope: "row" }, label), h("td", {}, meter("", train / most, number(train))),
      h("td", {}, number(test)), h("td", {}, samples(context, about, index)))))),
    h("h2", {}, t("becomes")), h("ul", {}, about.conversion.map((text) => h("li", {}, text))),
    about.guessed.length > 0 && h("ul", {}, about.guessed.map((text) => h("li", {}, text))),
    h("h2", {}, t("warnings")), about.warnings.length
      ? h("ul", { class: "warnings" }, about.warnings.map((text) => h("li", {}, text)))
      : h("p", {}, t("noWarnings"))];
}

// A row of the sheet of samples, which has a row for each class.
const sheets = {};
function samples(context, about, index) {
  const canvas = h("canvas", { class: "samples", role: "img", "aria-label": t("samples") });
  const address = `${url(context.path("files/data.png"))}?${JSON.stringify(about.train).length}-${context.last("data").id}`;
  sheets[address] ??= (async (image) => { await image.decode(); return image; })(h("img", { src: address }));
  sheets[address].then((image) => {
    const width = image.naturalWidth, height = image.naturalHeight / about.labels.length;
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").drawImage(image, 0, index * height, width, height, 0, 0, width, height);
  }).catch(() => {});
  return canvas;
}

// ---- Data of one's own: folders, tables, camera, drawing pad.

function collecting(context, collected, sending) {
  const send = (files) => context.attempt(() => sendAll(context, files, sending));
  const zone = h("div", { class: "drop",
    ondragover: (event) => { event.preventDefault(); zone.classList.add("over"); },
    ondragleave: () => zone.classList.remove("over"),
    async ondrop(event) {
      event.preventDefault();
      zone.classList.remove("over");
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      send((await Promise.all(entries.map((entry) => walk(entry, "")))).flat());
    } }, h("p", {}, t("drop")));
  const chooser = (text, attributes) => h("label", { class: "button plain" }, text, h("input", {
    type: "file", class: "hidden", ...attributes, onchange: (event) => send([...event.target.files].map((file) => ({
      file, label: (file.webkitRelativePath || "").split("/").at(-2) ?? "" }))) }));
  zone.append(chooser(t("chooseFolder"), { webkitdirectory: true, multiple: true, name: "folder" }), " ",
    chooser(t("chooseFile"), { accept: ".csv,.npz", name: "table" }));
  const label = h("input", { type: "text", maxlength: 60, id: "label" });
  const drawn = pad(context, {});
  const film = camera(context);
  const add = async (canvas) => {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve));
    await send([{ file: new File([blob], "own.png"), label: label.value }]);
  };
  return h("section", { class: "card" }, zone, sending, collected,
    h("details", {}, h("summary", {}, t("capture")),
      h("label", { for: "label" }, t("className")), label,
      h("div", { class: "columns" },
        h("div", {}, drawn.element, button(t("addDrawing"), async () => { await add(drawn.canvas); drawn.clear(); })),
        h("div", {}, film.element, button(t("addPhoto"), () => add(film.take()))))),
    h("p", {}, button(t("look"), () => context.start("data"), { class: "primary" }), " ",
      button(t("startOver"), () => context.attempt(() => call(context.path("data"), { method: "DELETE" })),
        { class: "plain" })));
}

// All files below a dropped entry, each with the name of its folder.
async function walk(entry, label) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), label }];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    found.push(...some);
  }
  return (await Promise.all(found.map((child) => walk(child, entry.name)))).flat();
}

async function sendAll(context, files, sending) {
  const wanted = files.filter(({ file }) => !file.name.startsWith("."));
  const refused = [];
  const isTable = ({ file }) => /\.(csv|npz)$/i.test(file.name);
  if (wanted.length > 1 && wanted.some(isTable)) {  // a table would replace the pictures beside it
    refused.push(...wanted.filter(isTable).map(({ file }) => file.name));
    wanted.splice(0, wanted.length, ...wanted.filter((one) => !isTable(one)));
  }
  let done = 0;
  const next = async () => {
    for (let one = wanted.shift(); one; one = wanted.shift()) {
      const table = /\.(csv|npz)$/i.exec(one.file.name);
      const query = table ? `kind=${table[1].toLowerCase()}` : `class=${encodeURIComponent(one.label)}`;
      try {
        await call(`${context.path("data")}?${query}`, { method: "PUT", body: one.file });
      } catch (error) {
        refused.push(`${one.file.name} (${error.message})`);
      }
      sending.textContent = t("sending", { done: ++done, all });
    }
  };
  const all = wanted.length;
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  if (refused.length) throw new Error(t("refused", { files: refused.slice(0, 8).join("; ") }));
}
