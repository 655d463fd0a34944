// A drawing pad for pointer and keyboard, a camera, and a microphone.

import { button, h } from "./dom.js";
import { t } from "./text.js";

const SIDE = 280, PEN = 22, STEP = 14;
const WORD = 1500, RATE = 16000;  // ms, samples a second

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
    h("p", {}, button(t("clear"), clear))) };
}

export const png = (canvas) => new Promise((resolve) => canvas.toBlob(resolve));

export function camera(context) {
  const video = h("video", { autoplay: true, muted: true, playsinline: true, class: "film", hidden: true });
  const open = button(t("webcam"), () => context.attempt(async () => {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: SIDE, height: SIDE } });
    video.hidden = false;
  }));
  const take = () => {
    const canvas = h("canvas", { width: SIDE, height: SIDE });
    const side = Math.min(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2,
      side, side, 0, 0, SIDE, SIDE);
    return canvas;
  };
  return { video, take, element: h("div", {}, open, video) };
}

// A button that records a word, and gives it as a WAV file of so many samples a second.
export function microphone(context, rate, onword) {
  const record = button(t("record"), () => context.attempt(async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream), parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstart = () => { record.textContent = t("speak"); setTimeout(() => recorder.stop(), WORD); };
    const ended = new Promise((resolve) => { recorder.onstop = resolve; });
    recorder.start();
    await ended;
    record.textContent = t("record");
    stream.getTracks().forEach((track) => track.stop());
    const wanted = rate() ?? RATE, octets = await new Blob(parts).arrayBuffer();
    const sound = await new OfflineAudioContext(1, 1, wanted).decodeAudioData(octets);
    await onword(wav(sound.getChannelData(0), wanted));
  }));
  return record;
}

// A WAV file of one channel of integers of 16 bits, from samples -1 to 1.
function wav(samples, rate) {
  const octets = 2 * samples.length, view = new DataView(new ArrayBuffer(44 + octets));
  const texts = [[0, "RIFF"], [8, "WAVEfmt "], [36, "data"]];
  const words = [[4, 36 + octets], [16, 16], [20, 0x10001], [24, rate], [28, 2 * rate], [32, 0x100002], [40, octets]];
  for (const [at, text] of texts) [...text].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  for (const [at, word] of words) view.setUint32(at, word, true);  // two of 16 bits: format and channels, size and bits
  samples.forEach((sample, place) => view.setInt16(44 + 2 * place, 32767 * Math.max(-1, Math.min(1, sample)), true));
  return new Blob([view]);
}
