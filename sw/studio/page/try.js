// Step 7: draw, and see who answers what: golden model, virtual board, real board.

import { call, get } from "./api.js";
import { button, chooser, fill, h, meter, number, picture, select } from "./dom.js";
import { showJob } from "./main.js";
import { camera, microphone, pad, png, recording } from "./pad.js";
import { SerialBoard } from "./serial.js";
import { t } from "./text.js";

const EVERY = 60;     // ms between two questions to the golden model while somebody draws
const SETTLED = 350;  // ms without a stroke until boards are asked

export default function tryIt(context) {
  const answers = h("div", { class: "answers" }), verdict = h("p", { role: "status" });
  const scores = h("div"), inside = h("div", { class: "inside" }), start = h("div"), virtual = h("div"), ports = h("span");
  let up = false, latest = null, asked = {}, busy = false, waiting = null, settle = null, serial = null, port = "", film = 0;

  const show = () => {
    fill(answers, [latest, asked], () => latest ? Object.entries({ golden: latest, ...asked }).map(([by, one]) =>
      h("div", { class: `answer ${one.error ? "wrong" : ""}`, "data-by": by }, h("span", {}, t(by)),
        one.error ? h("small", {}, one.error) : h("b", {}, latest.labels[one.label]),
        one.milliseconds != null && h("small", {}, [one.by, `${number(one.milliseconds, 1)} ms`].filter(Boolean).join(": "))))
      : []);
    if (!latest) return;
    const boards = Object.entries(asked).filter(([, one]) => one.scores);
    const wrong = boards.find(([, one]) => String(one.scores) !== String(latest.scores));
    verdict.className = wrong ? "verdict wrong" : boards.length ? "verdict equal" : "verdict";
    verdict.textContent = [latest.truth != null && t("truth", { label: latest.labels[latest.truth] }),
      wrong ? t("disagree", { name: t(wrong[0]) }) : boards.length ? t("agree") : ""].filter(Boolean).join(" · ");
    const low = Math.min(...latest.scores), range = Math.max(1, Math.max(...latest.scores) - low);
    fill(scores, latest.scores, () => latest.scores.map((score, index) => meter(latest.labels[index],
      (score - low) / range, score, index === latest.label ? "best" : "")));
    fill(inside, latest.layers, () => [h("figure", {}, h("img", { src: latest.seen, alt: t("seen") }),
      h("figcaption", {}, t("seen"))), latest.layers.map((layer) => h("figure", {}, h("img", { src: layer.picture,
      alt: t("firing", layer) }), h("figcaption", {}, t("firing", layer))))]);
  };

  // Golden answers while somebody draws; of many questions only the last one waits.
  const ask = async (question) => {
    if (busy) { waiting = question; return; }
    busy = true;
    await context.attempt(async () => {
      const start = performance.now();
      const { query = "", body } = await question();
      latest = await call(`${context.path("answer")}?${query}`, { method: "POST", body });
      latest.milliseconds = performance.now() - start;
      latest.by = "";
      asked = {};
      show();
    });
    busy = false;
    clearTimeout(settle);
    if (waiting) { [question, waiting] = [waiting, null]; setTimeout(() => ask(question), EVERY); }
    else settle = setTimeout(askBoards, SETTLED);
  };
  const askFile = (body) => ask(() => ({ body }));
  const askCanvas = (canvas) => ask(async () => ({ body: await png(canvas) }));

  const askBoards = async () => {
    const question = latest;
    if (!question) return;
    const image = Uint8Array.from(atob(question.image), (letter) => letter.charCodeAt(0));
    const note = async (by, action) => {
      const start = performance.now();
      const found = await action().catch(({ message }) => ({ error: message }));
      if (question !== latest) return;
      asked[by] = { milliseconds: performance.now() - start, ...found };
      show();
    };
    const server = (name) => call(`${context.path("board")}?port=${encodeURIComponent(name)}`,
      { method: "POST", body: image });
    if (up) await note("virtual", () => server("virtual"));
    if (port) await note("real", () => server(port));
    if (serial) {
      const pixels = question.octets === 2 ? new Uint16Array(image.buffer) : image;
      await note("webSerialBoard", async () => ({ ...await serial.classify(pixels), by: serial.info.board }));
    }
  };

  const { rate, columns = [] } = context.snapshot.data ?? {};
  const drawn = pad(askCanvas), shot = camera(context);
  picture(context.file("data.png")).then((image) => isLight(image) && drawn.turn()).catch(() => {});
  const looking = setInterval(() => { if (!shot.video.hidden && shot.video.videoWidth && film++ % 4 === 0) askCanvas(shot.take()); }, 100);
  const file = !columns.length && chooser(t(rate ? "soundFile" : "file"), ([file]) => rate
    ? context.attempt(async () => askFile((await recording(file, rate)).body)) : askFile(file),
  { accept: rate ? "audio/*" : "image/*", name: "example" });
  const example = button(t("example"), () => ask(() => ({ query: `example=${Math.floor(1e6 * Math.random())}` })));
  const input = columns.length ? [numbers(columns, askFile)] : rate ? [microphone(context, () => rate, askFile)]
    : [drawn.element, shot.element];
  const connect = "serial" in navigator
    ? button(t("webSerial"), () => context.attempt(async () => {
      await serial?.close();
      serial = await SerialBoard.connect();
      if (latest) askBoards();
    })) : h("small", {}, t("noWebSerial"));
  get("ports").then((found) => ports.append(h("label", {}, `${t("port")} `, select(
    [["", found.length ? "–" : t("noPorts")], ...found.map((one) => [one.path, `${one.path} ${one.about}`])], "",
    { onchange: (event) => { port = event.target.value; askBoards(); } })))).catch(() => {});

  return { element: h("div", { class: "columns try" },
    h("section", {}, h("h2", {}, t(columns.length ? "numbers" : rate ? "record" : "draw")), input[0], h("p", { class: "row" }, example, file), input[1]),
    h("section", {}, h("h2", {}, t("answers")), answers, verdict, h("h2", {}, t("scores")), scores),
    h("section", {}, h("h2", {}, t("virtual")), start, virtual, h("h2", {}, t("real")), h("p", { class: "row" }, connect, ports)),
    h("section", { class: "all" }, h("h2", {}, t("inside")), inside)),
  update(now) {
    const job = context.last("virtual"), before = up;
    up = job?.state === "running" && job.texts.length > 0;
    fill(start, [job?.state, context.ready], () => job?.state === "running" ? [] : !context.ready ? t("trainFirst")
      : button(t("startVirtual"), () => context.start("virtual", now.run), { class: "primary" }));
    showJob(virtual, job, true);
    if (up && !before && latest) askBoards();
  }, leave() {
    clearInterval(looking);
    clearTimeout(settle);
    shot.video.srcObject?.getTracks().forEach((track) => track.stop());
    serial?.close();
  } };
}

// A field for each column of a table, with its middle value or first word at first.
function numbers(columns, onrow) {
  const inputs = columns.map(([, low, high, words]) => words ? h("select", {}, words.map((word, value) => h("option", { value }, word))) : h("input", { type: "number", step: "any", required: true,
    value: Number(((low + high) / 2).toPrecision(3)) }));
  return h("form", { class: "layers", onsubmit: (event) => {
    event.preventDefault();
    onrow(JSON.stringify(inputs.map((input) => Number(input.value))));
  } }, columns.map(([name, low, high, words], index) => h("label", {}, words ? `${name} ` : `${name} (${number(low, 2)} … ${number(high, 2)}) `, inputs[index])),
  button(t("ask"), null, { type: "submit" }));
}

// Whether most samples of a dataset are light, so that drawings must be dark.
function isLight(image) {
  const canvas = h("canvas", { width: image.naturalWidth, height: image.naturalHeight }), brush = canvas.getContext("2d");
  brush.drawImage(image, 0, 0);
  const { data } = brush.getImageData(0, 0, canvas.width, canvas.height);
  return data.reduce((sum, value) => sum + value, 0) / data.length > (3 * 127 + 255) / 4;  // opacity counts
}
