// Step 2: which board the network is to run on.

import { get } from "./api.js";
import { button, chooser, fill, h, number, rate, select, svg, table } from "./dom.js";
import { t } from "./text.js";

export default function board(context) {
  const list = h("div", {}, h("p", { class: "hint" }, "…")), chosen = h("div", { role: "status", class: "card" });
  let rows = null;
  const show = ({ choices: { board: name } }) => fill(chosen, [name, !!rows], () => {
    const own = (rows ?? []).filter((row) => row.board === name).sort((a, b) => b.accuracy - a.accuracy);
    return [h("b", {}, t("chosen", { board: name })), own.length ? table([t("network"), t("data"), t("accuracy"), t("perSecond"), "LUT4"],
      own.map((row) => [row.recipe, row.dataset, `${number(row.accuracy, 2)} %`, rate(row.images_per_second), number(row.lut4)]))
      : rows && h("p", { class: "hint" }, t("noRowsHint"))];
  });
  context.attempt(async () => {
    const { boards, measured, packages } = await get("boards");
    rows = measured;
    show(context.snapshot);
    const families = Map.groupBy(boards, (one) => one.family);
    fill(list, "boards", () => [[...families].map(([family, some]) => h("fieldset", {},
      h("legend", {}, { ecp5: "Lattice ECP5", ice40: "Lattice iCE40" }[family] ?? family),
      h("div", { class: "cards" }, some.map((one) => card(context, one, measured))))), bare(context, packages)]);
  });
  return { element: h("div", {}, h("p", { class: "hint" }, t("pickBoard")), chosen, list), update(now) {
    show(now);
    for (const input of list.querySelectorAll("[name=board]")) input.checked = input.value === now.choices.board;
  } };
}

function card(context, one, measured) {
  const rows = measured.filter((row) => row.board === one.name)
    .sort((a, b) => b.images_per_second - a.images_per_second || b.accuracy - a.accuracy);
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
  const names = h("datalist", { id: "pins" });
  const read = async ([file]) => {
    const pins = pinsOf(await file.text());
    names.replaceChildren(...pins.map(([name, pin]) => h("option", { value: pin, label: name })));
    for (const [field, pattern] of Object.entries(NAMES)) {
      const found = pins.filter(([name]) => pattern.test(name)).map(([name, pin]) => /led.*_n$/i.test(name) ? `!${pin}` : pin);
      if (found.length) form.elements[field].value = found.slice(0, field === "leds" ? 8 : 1).join(",");
    }
  };
  const form = h("form", { onsubmit: (event) => {
    event.preventDefault();
    context.choose({ part: Object.fromEntries(new FormData(form)) });
  } }, field("device", devices), field("package", cases), ["clock_pin", "clock_mhz", "rx_pin", "tx_pin", "leds"].map(
    (name) => field(name, h("input", { type: "text", name, value: part?.[name], required: name !== "leds",
      list: name.endsWith("_pin") && "pins" }))), names, h("p", { class: "row" }, button(t("use"), null, { type: "submit" }),
  chooser(t("constraints"), (files) => context.attempt(() => read(files)), { accept: ".pcf,.lpf", id: "constraints" })));
  return h("details", { class: "card layers", open: !!part }, h("summary", {}, t("bare")), h("p", { class: "hint" }, t("bareHint")), form);
}

// Names that constraint files give the pins of a design; an FTDI sends what the FPGA receives.
const NAMES = { clock_pin: /^(clk|clock|osc)/i, rx_pin: /ftdi_txd?$|^(?!.*ftdi).*(^|_)rxd?$/i, clock_mhz: /^MHz$/,
  tx_pin: /ftdi_rxd?$|^(?!.*ftdi).*(^|_)txd?$/i, leds: /^led/i };

// Names and pins in a constraint file, iCE40's PCF or ECP5's LPF; the clock's frequency is called MHz.
function pinsOf(text) {
  const some = (pattern) => [...text.matchAll(pattern)].map(([, name, pin]) => pin ? [name, pin] : ["MHz", name]);
  return [/^\s*set_io(?:\s+-\S+)*\s+(\S+)\s+(\w+)/gm, /LOCATE\s+COMP\s+"([^"]+)"\s+SITE\s+"(\w+)"/gi,
    /FREQUENCY\s+PORT\s+"[^"]+"\s+([\d.]+)\s*MHZ/gi, /^\s*set_frequency\s+\S+\s+([\d.]+)/gm].flatMap(some);
}
