// Step 1: what the dataset is; pictures, recordings and tables of one's own.

import { call, get, post } from "./api.js";
import { button, chooser, fill, h, meter, number, picture, pictureRow, select, table } from "./dom.js";
import { showJob } from "./main.js";
import { camera, microphone, pad, png, recording } from "./pad.js";
import { said, t } from "./text.js";

const SOUND = /\.(wav|mp3|og[ga]|opus|webm|m4a|aac|flac)$/i;
const FITS = ["", "as-is", "photo", "drawing"];

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
    const fresh = about && !now.runs.length && !now.choices.auto;
    fill(way, [fresh, now.choices.board], () => fresh ? allTheWay(context) : []);
  }, leave: () => element.querySelector("video")?.srcObject?.getTracks().forEach((track) => track.stop()) };
}

function allTheWay(context) {
  const hint = h("p", { class: "hint" }, t("estimating")), found = get(context.path("networks"));
  const chosen = (some) => context.snapshot.choices.network ?? { recipe: some.default };
  found.then((some) => {
    const { recipe, hidden } = chosen(some);
    hint.textContent = t("allTheWayHint", { ...context.snapshot.choices, network: recipe ?? hidden.join("-") });
  }, () => { hint.textContent = ""; });
  return h("section", { class: "card" }, button(t("allTheWay"), () => context.attempt(async () => {
    await post(context.path(), { network: chosen(await found), auto: true });
    context.go("train");
  }), { class: "primary" }), hint);
}

function described(context, about) {
  const most = Math.max(...about.train), sum = (counts) => number(counts.reduce((a, b) => a + b, 0));
  const sheet = picture(`${context.file("data.png")}&${context.last("data").id}`);
  const list = (texts, attributes) => h("ul", attributes, [...new Set(texts.map(said))].map((text) => h("li", {}, text)));
  const { dataset, fit } = context.snapshot.choices;
  return [
    h("p", { class: "hint" }, t("classes", { count: about.labels.length, train: sum(about.train), test: sum(about.test) })),
    table(["class", "training", "testing", "samples"].map((key) => t(key)), about.labels.slice(0, 40).map((label, index) =>
      [label, meter("", about.train[index] / most, number(about.train[index])), number(about.test[index]),
        pictureRow(sheet, about.labels.length, index, t("samples"))]), { class: "classes" }),
    h("h2", {}, t("becomes")), list([...about.conversion, ...about.guessed]),
    dataset === "own" && !about.rate && !about.columns?.length && h("p", {}, h("label", {}, `${t("fit")} `,
      select(FITS.map((one) => [one, t(`fit-${one}`)]), fit ?? "", { id: "fit", onchange: async ({ target }) => {
        await context.choose({ fit: target.value || null });
        context.start("data");
      } }))),
    h("h2", {}, t("warnings")), about.warnings.length ? list(about.warnings, { class: "warnings" }) : h("p", {}, t("noWarnings"))];
}

// ---- Data of one's own: folders, tables, camera, microphone, drawing pad.

function collecting(context, collected, sending) {
  const send = async (files) => {
    look.disabled = true;
    await context.attempt(() => sendAll(context, files, sending));
    look.disabled = false;
  };
  const look = button(t("look"), () => context.start("data"), { class: "primary" });
  const zone = h("div", { class: "drop",
    ondragover: (event) => { event.preventDefault(); zone.classList.add("over"); },
    ondragleave: () => zone.classList.remove("over"),
    async ondrop(event) {
      event.preventDefault();
      zone.classList.remove("over");
      const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
      send((await Promise.all(entries.map(walk))).flat());
    } }, h("p", {}, t("drop")));
  const chosen = (files) => send(files.map((file) => ({ file, path: file.webkitRelativePath })));
  zone.append(chooser(t("chooseFolder"), chosen, { webkitdirectory: true, multiple: true, name: "folder" }), " ",
    chooser(t("chooseFile"), chosen, { accept: ".csv,.npz", name: "table" }));
  const label = h("input", { type: "text", maxlength: 60, id: "label" });
  const drawn = pad(), film = camera(context);
  const add = (blob, name) => send([{ file: new File([blob], name), path: name, label: label.value }]);
  const addCanvas = async (canvas) => add(await png(canvas), "own.png");
  const sound = microphone(context, () => context.snapshot.rate, (blob) => add(blob, "own.wav"));
  return h("section", { class: "card" }, zone, sending, collected,
    h("details", {}, h("summary", {}, t("capture")),
      h("label", { for: "label" }, t("className")), label,
      h("div", { class: "columns" },
        h("div", {}, drawn.element, button(t("addDrawing"), () => addCanvas(drawn.canvas).then(drawn.clear))),
        h("div", {}, film.element, button(t("addPhoto"), () => addCanvas(film.take()))), h("div", {}, sound))),
    h("p", {}, look, " ",
      button(t("startOver"), () => context.attempt(() => call(context.path("data"), { method: "DELETE" })))));
}

// All files below a dropped entry, each with its path.
async function walk(entry) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path: entry.fullPath }];
  const reader = entry.createReader(), found = [];
  for (let some = null; !some || some.length; found.push(...some)) {
    some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  }
  return (await Promise.all(found.map(walk))).flat();
}

const listed = (names, comma, most = 8) => names.slice(0, most).join(comma) + (names.length > most ? " …" : "");

async function sendAll(context, files, sending) {
  const kind = ({ name }) => /\.(csv|npz)$/i.exec(name)?.[1].toLowerCase();
  const visible = files.filter(({ file }) => !file.name.startsWith("."));
  const tables = visible.length > 1 ? visible.filter(({ file }) => kind(file)) : [];  // they would replace the rest
  const wanted = visible.filter((one) => !tables.includes(one)), all = wanted.length;
  const refused = tables.map(({ file }) => file.name), changed = [];
  let { rate } = context.snapshot, done = 0;
  wanted.sort((a, b) => a.path.localeCompare(b.path, "en", { numeric: true }));  // the last ones are the test part
  for (const { file, path, label = path.split("/").at(-2) ?? "" } of wanted) {
    const query = kind(file) ? `kind=${kind(file)}` : `class=${encodeURIComponent(label)}`;
    try {
      const sound = SOUND.test(file.name) && await recording(file, rate);
      await call(`${context.path("data")}?${query}`, { method: "PUT", body: sound ? sound.body : file });
      if (sound) ({ rate } = sound);
      if (sound.changed) changed.push(file.name);
    } catch ({ message }) { refused.push(`${file.name} (${message})`); }
    sending.textContent = [t("sending", { done: ++done, all }), changed.length && t("resampled", { count: number(changed.length),
      rate: number(rate), files: listed(changed, ", ") }), refused.length && t("refused", { files: listed(refused, "; ") })].filter(Boolean).join(" · ");
  }
  if (refused.length) throw new Error(t("refused", { files: listed(refused, "; ") }));
}
