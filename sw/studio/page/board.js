// Step 2: which board the network is to run on.

import { get } from "./api.js";
import { button, fill, h, number, rate, select, svg } from "./dom.js";
import { t } from "./text.js";

export default function board(context) {
  const list = h("div", {}, h("p", { class: "hint" }, "…")), chosen = h("p", { role: "status" });
  context.attempt(async () => {
    const { boards, measured, packages } = await get("boards");
    const families = Map.groupBy(boards, (one) => one.family);
    fill(list, "boards", () => [[...families].map(([family, some]) => h("fieldset", {},
      h("legend", {}, { ecp5: "Lattice ECP5", ice40: "Lattice iCE40" }[family] ?? family),
      h("div", { class: "cards" }, some.map((one) => card(context, one, measured))))), bare(context, packages)]);
  });
  return { element: h("div", {}, h("p", { class: "hint" }, t("pickBoard")), list, chosen), update(now) {
    chosen.textContent = t("chosen", now.choices);
    for (const input of list.querySelectorAll("[name=board]")) input.checked = input.value === now.choices.board;
  } };
}

function card(context, one, measured) {
  const rows = measured.filter((row) => row.board === one.name)
    .sort((a, b) => b.images_per_second - a.images_per_second);
  const input = h("input", { type: "radio", name: "board", value: one.name,
    checked: one.name === context.snapshot.choices.board,
    onchange: () => context.choose({ board: one.name }) });
  return h("label", { class: "card choice" }, input, h("b", {}, one.name), chip(one),
    h("span", {}, one.device), h("span", {}, `${number(one.lut4)} LUT4`),
    h("span", {}, `${one.block_rams} × ${one.block_ram_bits / 1024} kbit ${t("memory")}`),
    h("span", {}, `${one.megahertz} MHz, ${one.serial}`),
    h("small", {}, rows.length ? t("fastest", { rate: rate(rows[0].images_per_second),
      accuracy: number(rows[0].accuracy, 2), network: rows[0].recipe, dataset: rows[0].dataset }) : t("noRows")));
}

// A chip with a cell for each 1,000 LUT4 and a column of memories, at one scale for all boards.
function chip(one) {
  const cells = Math.max(4, Math.round(one.lut4 / 1000)), side = Math.ceil(Math.sqrt(cells));
  const size = 5 * side + 6;
  return svg("svg", { viewBox: "-26 -26 52 52", class: `chip ${one.family}`, "aria-hidden": "true" },
    svg("rect", { x: -size / 2, y: -size / 2, width: size, height: size, rx: 2, class: "body" }),
    Array.from({ length: cells }, (_, index) => svg("rect", { class: index % side === 0 ? "ram" : "cell",
      x: 3.5 - size / 2 + 5 * (index % side), y: 3.5 - size / 2 + 5 * Math.floor(index / side), width: 4, height: 4 })));
}

// A board of one's own: a device in a package, with the pins of its clock and serial port.
function bare(context, packages) {
  const part = context.snapshot.choices.part;
  const field = (name, input) => h("label", {}, `${t(name)} `, input), same = (names) => names.map((name) => [name, name]);
  const cases = h("span"), show = (device) => cases.replaceChildren(select(same(packages[device]), part?.package, { name: "package" }));
  const devices = select(same(Object.keys(packages)), part?.device, { name: "device", onchange: () => show(devices.value) });
  show(devices.value);
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    context.choose({ part: Object.fromEntries(new FormData(form)) });
  } }, field("device", devices), field("package", cases), ["clock_pin", "clock_mhz", "rx_pin", "tx_pin", "leds"].map(
    (name) => field(name, h("input", { type: "text", name, value: part?.[name], required: name !== "leds" }))),
  button(t("use"), null, { type: "submit" }));
  return h("details", { class: "card layers", open: !!part }, h("summary", {}, t("bare")), h("p", { class: "hint" }, t("bareHint")), form);
}
