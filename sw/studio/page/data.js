// Step 1: what the dataset is; pictures, recordings and tables of one's own.

import { call, get, post } from "./api.js";
import { button, chooser, fill, h, meter, number, picture, pictureRow, table } from "./dom.js";
import { showJob } from "./main.js";
import { camera, microphone, pad, png } from "./pad.js";
import { t } from "./text.js";

const AT_ONCE = 4;  // uploads at a time

export default function data(context) {
  const own = context.snapshot.choices.dataset === "own";
  const job = h("div"), summary = h("div"), way = h("div"), collected = h("div"), sending = h("p", { role: "status" });
  const element = h("div", {}, own && collecting(context, collected, sending), way, job, summary);

  return { element, update(now) {
    fill(collected, now.uploaded, () => Object.entries(now.uploaded).map(([name, count]) =>
      meter(name, count / Math.max(...Object.values(now.uploaded)), number(count))));
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
  const sheet = picture(`${context.file("data.png")}&${context.last("data").id}`);
  const list = (texts, attributes) => h("ul", attributes, texts.map((text) => h("li", {}, text)));
  return [
    h("p", { class: "hint" }, t("classes", { count: about.labels.length, train: sum(about.train), test: sum(about.test) })),
    table(["class", "training", "testing", "samples"].map((key) => t(key)), about.labels.slice(0, 40).map((label, index) =>
      [label, meter("", about.train[index] / most, number(about.train[index])), number(about.test[index]),
        pictureRow(sheet, about.labels.length, index, t("samples"))]), { class: "classes" }),
    h("h2", {}, t("becomes")), list([...about.conversion, ...about.guessed]),
    h("h2", {}, t("warnings")), about.warnings.length ? list(about.warnings, { class: "warnings" }) : h("p", {}, t("noWarnings"))];
}

// ---- Data of one's own: folders, tables, camera, microphone, drawing pad.

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
  const chosen = (files) => send(files.map((file) => ({ file, label: file.webkitRelativePath.split("/").at(-2) ?? "" })));
  zone.append(chooser(t("chooseFolder"), chosen, { webkitdirectory: true, multiple: true, name: "folder" }), " ",
    chooser(t("chooseFile"), chosen, { accept: ".csv,.npz", name: "table" }));
  const label = h("input", { type: "text", maxlength: 60, id: "label" });
  const drawn = pad(context, {}), film = camera(context);
  const add = (blob, name) => send([{ file: new File([blob], name), label: label.value }]);
  const addCanvas = async (canvas) => add(await png(canvas), "own.png");
  const sound = microphone(context, () => context.snapshot.data?.rate, (blob) => add(blob, "own.wav"));
  return h("section", { class: "card" }, zone, sending, collected,
    h("details", {}, h("summary", {}, t("capture")),
      h("label", { for: "label" }, t("className")), label,
      h("div", { class: "columns" },
        h("div", {}, drawn.element, button(t("addDrawing"), () => addCanvas(drawn.canvas).then(drawn.clear))),
        h("div", {}, film.element, button(t("addPhoto"), () => addCanvas(film.take()))), h("div", {}, sound))),
    h("p", {}, button(t("look"), () => context.start("data"), { class: "primary" }), " ",
      button(t("startOver"), () => context.attempt(() => call(context.path("data"), { method: "DELETE" })))));
}

// All files below a dropped entry, each with the name of its folder.
async function walk(entry, label) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), label }];
  const reader = entry.createReader(), found = [];
  for (let some = null; !some || some.length; found.push(...some)) {
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }
  return (await Promise.all(found.map((child) => walk(child, entry.name)))).flat();
}

async function sendAll(context, files, sending) {
  const kind = ({ name }) => /\.(csv|npz)$/i.exec(name)?.[1].toLowerCase();
  const visible = files.filter(({ file }) => !file.name.startsWith("."));
  const tables = visible.length > 1 ? visible.filter(({ file }) => kind(file)) : [];  // they would replace the rest
  const wanted = visible.filter((one) => !tables.includes(one)), all = wanted.length;
  const refused = tables.map(({ file }) => file.name);
  const next = async () => {
    for (let one = wanted.shift(); one; one = wanted.shift()) {
      const query = kind(one.file) ? `kind=${kind(one.file)}` : `class=${encodeURIComponent(one.label)}`;
      await call(`${context.path("data")}?${query}`, { method: "PUT", body: one.file })
        .catch((error) => refused.push(`${one.file.name} (${error.message})`));
      sending.textContent = t("sending", { done: ++done, all });
    }
  };
  let done = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  if (refused.length) throw new Error(t("refused", { files: refused.slice(0, 8).join("; ") }));
}
