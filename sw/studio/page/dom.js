// Elements of the page, made without HTML in strings.

const SVG = "http://www.w3.org/2000/svg";

export const h = (tag, attributes, ...children) =>
  dress(document.createElement(tag), attributes, children);
export const svg = (tag, attributes, ...children) =>
  dress(document.createElementNS(SVG, tag), attributes, children);

function dress(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...some(children));
  return element;
}

const some = (children) => [children].flat(Infinity).filter((child) => child != null && child !== false);

// Build the children of an element again, but only if what they show has changed: what somebody
// has focused or is typing stays.
export function fill(element, shown, build) {
  const key = JSON.stringify(shown) ?? "";
  if (element.shownKey === key) return;
  element.shownKey = key;
  element.replaceChildren(...some(build()));
}

export const button = (text, onclick, attributes) =>
  h("button", { type: "button", class: "plain", onclick, ...attributes }, text);

export const chooser = (text, onfiles, attributes) => h("label", { class: "button plain" }, text, h("input", {
  type: "file", class: "hidden", onchange: (event) => onfiles([...event.target.files]), ...attributes }));

// A table of rows whose first cell names them.
export const table = (heads, rows, attributes) => h("div", { class: "scroll" }, h("table", attributes,
  heads.length > 0 && h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))),
  h("tbody", {}, rows.map(([name, ...cells]) => h("tr", {}, h("th", { scope: "row" }, name),
    cells.map((cell) => cell instanceof HTMLTableCellElement ? cell : h("td", {}, cell)))))));

// A selection among pairs of a value and its text.
export const select = (options, chosen, attributes) => h("select", attributes, options.map(([value, text]) =>
  h("option", { value, selected: value === chosen }, text)));

export async function picture(src) {
  const image = h("img", { src });
  await image.decode();
  return image;
}

// One of so many rows of a picture that is on its way; a dash if nothing is in it.
export function pictureRow(coming, rows, index, label) {
  const canvas = h("canvas", { class: "samples", role: "img", "aria-label": label });
  coming.then((image) => {
    const width = image.naturalWidth, height = image.naturalHeight / rows, brush = canvas.getContext("2d");
    [canvas.width, canvas.height] = [width, height];
    brush.drawImage(image, 0, index * height, width, height, 0, 0, width, height);
    if (brush.getImageData(0, 0, width, height).data.every((value, at) => at % 4 === 3 || !value)) canvas.replaceWith("–");
  }).catch(() => {});
  return canvas;
}

export const number = (value, digits = 0) =>
  Number(value).toLocaleString("en", { maximumFractionDigits: digits });

export function rate(perSecond) {
  if (perSecond >= 1e6) return `${number(perSecond / 1e6, 1)} M`;
  return perSecond >= 1e4 ? `${number(perSecond / 1e3)} k` : number(perSecond);
}

export function clock(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// A bar of a share, with its text beside it.
export const meter = (label, share, text, kind = "") =>
  h("div", { class: `meter ${kind}` }, h("span", { class: "name" }, label),
    h("span", { class: "track", "aria-hidden": "true" },
      h("span", { class: "part", style: { width: `${100 * Math.min(1, Math.max(0, share))}%` } })),
    h("span", { class: "value" }, text));

const KINDS = { lut4: "LUT4", ff: "flip-flops", block_ram: "block RAM", spram: "SPRAM" };
export const resources = (used, available) => Object.entries(available).filter(([, most]) => most).map(([kind, most]) =>
  meter(KINDS[kind], used[kind] / most, `${number(used[kind])} / ${number(most)}`,
    used[kind] > (kind in { lut4: 1, ff: 1 } ? 0.92 : 1) * most ? "full" : ""));

// Lines over a common axis: [{name, points: [[x, y], ...]}].
export function chart(lines, { title, unit }) {
  const [width, height, left, bottom] = [560, 220, 44, 26];
  const points = lines.flatMap((line) => line.points);
  if (!points.length) return h("p", { class: "quiet" }, "–");
  const most = Math.max(2, ...points.map(([x]) => x));
  const low = Math.floor(Math.min(...points.map(([, y]) => y)) / 10) * 10;
  const high = Math.max(low + 5, Math.ceil(Math.max(...points.map(([, y]) => y)) / 5) * 5);
  const x = (value) => left + (value - 1) / (most - 1) * (width - left - 8);
  const y = (value) => 8 + (high - value) / (high - low) * (height - bottom - 8);
  const ticks = [0, 1, 2, 3, 4].map((part) => low + part * (high - low) / 4);
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "chart", role: "img",
    "aria-label": `${title}: ${lines.map((line) => `${line.name} ${
      line.points.length ? number(line.points.at(-1)[1], 2) : "–"} ${unit}`).join(", ")}` },
  ticks.map((value) => [
    svg("line", { x1: left, x2: width - 8, y1: y(value), y2: y(value), class: "grid" }),
    svg("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value, 1))]),
  svg("text", { x: left, y: height - 6 }, "1"),
  svg("text", { x: width - 8, y: height - 6, "text-anchor": "end" }, number(most)),
  lines.map((line, index) => svg("polyline", { class: `line line${index % 6}`,
    points: line.points.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(" ") })),
  lines.map((line, index) => line.points.length && svg("text", { class: `end line${index % 6}`,
    x: Math.min(x(line.points.at(-1)[0]), width - 60), y: Math.max(18, y(line.points.at(-1)[1]) - 6) }, line.name)));
}
