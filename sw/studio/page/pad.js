// A drawing pad for pointer and keyboard, and a camera.

import { button, h } from "./dom.js";
import { t } from "./text.js";

const SIDE = 280, PEN = 22, STEP = 14;

// White on black, as MNIST's digits; onstroke is called while somebody draws.
export function pad(context, { onstroke = () => {}, pen = PEN }) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, class: "pad", tabindex: "0", role: "application",
    "aria-label": t("drawKeys") });
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  let last = null, cursor = [SIDE / 2, SIDE / 2], down = false;
  const clear = () => {
    brush.fillStyle = "#000";
    brush.fillRect(0, 0, SIDE, SIDE);
    last = null;
  };
  const stroke = (to) => {
    brush.strokeStyle = "#fff";
    [brush.lineWidth, brush.lineCap, brush.lineJoin] = [pen, "round", "round"];
    brush.beginPath();
    brush.moveTo(...(last ?? to));
    brush.lineTo(...to);
    brush.stroke();
    last = to;
    onstroke(canvas);
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * SIDE / box.width, (event.clientY - box.top) * SIDE / box.height];
  };
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(at(event)); };
  canvas.onpointermove = (event) => { if (event.buttons) stroke(at(event)); };
  canvas.onpointerup = () => { last = null; };
  canvas.onkeydown = (event) => {
    const move = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (move) cursor = cursor.map((value, axis) => Math.min(SIDE, Math.max(0, value + move[axis])));
    else if (event.key === " ") { down = !down; last = null; }
    else if (event.key === "Escape") { clear(); down = false; }
    else return;
    event.preventDefault();
    if (down) stroke(cursor);
  };
  clear();
  return { canvas, clear, element: h("div", { class: "drawing" }, canvas,
    h("p", {}, button(t("clear"), clear, { class: "plain" }))) };
}

// The octets of a canvas, red, green and blue.
export function octets(canvas) {
  const { data, width, height } = canvas.getContext("2d", { willReadFrequently: true })
    .getImageData(0, 0, canvas.width, canvas.height);
  const plain = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    plain[to++] = data[from];
    plain[to++] = data[from + 1];
    plain[to++] = data[from + 2];
  }
  return plain;
}

export function camera(context) {
  const video = h("video", { autoplay: true, muted: true, playsinline: true, class: "film", hidden: true });
  const open = button(t("webcam"), () => context.attempt(async () => {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: SIDE, height: SIDE } });
    video.hidden = false;
  }), { class: "plain" });
  const take = () => {
    const canvas = h("canvas", { width: SIDE, height: SIDE });
    const side = Math.min(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2,
      side, side, 0, 0, SIDE, SIDE);
    return canvas;
  };
  return { video, take, element: h("div", {}, open, video) };
}
