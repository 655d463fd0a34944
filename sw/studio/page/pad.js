// A drawing pad for pointer and keyboard, a camera, and a microphone.

import { button, h } from "./dom.js";
import { t } from "./text.js";

const SIDE = 280, PEN = 22, STEP = 14;
const WORD = 1500, LEAST = 8000, RATE = 16000;  // ms, samples a second

// White on black, as MNIST's digits, or black on white; onstroke is called while somebody draws.
export function pad(onstroke = () => {}) {
  const canvas = h("canvas", { width: SIDE, height: SIDE, class: "pad", tabindex: "0", role: "application",
    "aria-label": t("drawKeys") });
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  let last = null, cursor = [SIDE / 2, SIDE / 2], down = false, colours = ["#000", "#fff"];
  const clear = () => {
    [brush.fillStyle, brush.strokeStyle] = colours;
    brush.fillRect(0, 0, SIDE, SIDE);
    last = null;
  };
  const stroke = (to) => {
    [brush.lineWidth, brush.lineCap, brush.lineJoin] = [PEN, "round", "round"];
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
  return { canvas, clear, turn: () => { colours.reverse(); clear(); }, element: h("div", { class: "drawing" }, canvas,
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
    await onword((await recording(new Blob(parts), rate())).body);
  }));
  return record;
}

// A sound as recordings must be, of so many samples a second: a WAV file of one channel stays as it
// is. The browser decodes others, in its formats; the mean of their channels is what is heard.
export async function recording(file, rate) {
  const octets = await file.arrayBuffer(), view = new DataView(octets), end = octets.byteLength - 24;
  let at = end > 0 && view.getUint32(0) === 0x52494646 ? 12 : end;  // RIFF; its chunks until the format
  while (at < end && view.getUint32(at) !== 0x666d7420) at += 8 + view.getUint32(at + 4, true) + view.getUint32(at + 4, true) % 2;
  const own = at < end && view.getUint32(at + 8, true) === 0x10001 && view.getUint32(at + 12, true);
  if (own && (rate ? own === rate : own >= LEAST && own <= RATE)) return { body: file, rate: own };
  const sound = await new OfflineAudioContext(1, 1, rate ?? RATE).decodeAudioData(octets);
  const channels = Array.from({ length: sound.numberOfChannels }, (_, index) => sound.getChannelData(index));
  const mean = channels[0].map((_, at) => channels.reduce((sum, one) => sum + one[at], 0) / channels.length);
  return { body: wav(mean, sound.sampleRate), rate: sound.sampleRate, changed: true };
}

// A WAV file of one channel of integers of 16 bits, from samples -1 to 1.
function wav(samples, rate) {
  const octets = 2 * samples.length, view = new DataView(new ArrayBuffer(44 + octets));
  const texts = [[0, "RIFF"], [8, "WAVEfmt "], [36, "data"]];
  const words = [[4, 36 + octets], [16, 16], [20, 0x10001], [24, rate], [28, 2 * rate], [32, 0x100002], [40, octets]];
  for (const [at, text] of texts) [...text].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  for (const [at, word] of words) view.setUint32(at, word, true);  // two of 16 bits: format and channels, size and bits
  samples.forEach((sample, place) => view.setInt16(44 + 2 * place,
    Math.max(-32768, Math.min(32767, Math.round((sample < 0 ? 32768 : 32767) * sample))), true));  // as Chromium reads them
  return new Blob([view]);
}
