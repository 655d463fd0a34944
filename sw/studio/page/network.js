// Step 3: which network, and what it takes on the board, before it is trained.

import { get, post } from "./api.js";
import { button, fill, h, number, rate, resources, select, table } from "./dom.js";
import { t } from "./text.js";

const TIMES = [10, 30, 60, 180, 600, 1800];  // s of training
const RATES = [1000, 10000, 100000, 1000000];  // images/s, with the least area
const PAUSE = 250;  // ms from the last change to an estimate

export default function network(context) {
  const options = h("div", { class: "cards" }), reason = h("p", { class: "hint" }), slider = h("div");
  const result = h("div", { class: "card", "aria-live": "polite" }), byHand = h("div");
  let timer = null, last = null, sent = [];

  const show = (chosen, label) => {
    const asked = last = [chosen, label];
    for (const input of options.querySelectorAll("input")) input.checked = input.value === chosen.recipe;
    fill(result, ["waiting", chosen], () => h("p", {}, t("estimating")));
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const found = await post(context.path("estimate"), { network: chosen }).catch(({ message }) => ({ error: message }));
      if (asked === last) fill(result, found, () => estimated(label, found));
    }, PAUSE);
  };
  const choose = (chosen, label) => {
    if (sent.length || JSON.stringify(chosen) !== JSON.stringify(context.snapshot.choices.network)) {
      sent.push(JSON.stringify(chosen));
      context.choose({ network: chosen });
    }
    show(chosen, label);
  };
  const pick = (name) => choose({ recipe: name }, name);

  context.attempt(async () => {
    const found = await get(context.path("networks"));
    reason.textContent = t(`${found.reason}Reason`, { network: found.default });
    fill(options, found, () => found.names.map((name) => option(found, name, pick)));
    fill(slider, found.measured, () => points(found, context.snapshot.choices.network?.recipe ?? found.default, pick));
    fill(byHand, "hand", () => hand(context, choose));
    const chosen = context.snapshot.choices.network;
    if (chosen?.hidden) choose(chosen, nameOf(chosen));
    else pick(chosen?.recipe ?? found.default);
  });

  const { seconds, rate: wished } = context.snapshot.choices;
  const times = select([...new Set([...TIMES, seconds])].sort((a, b) => a - b).map((one) => [one, t("seconds", { seconds: one })]),
    seconds, { id: "seconds", onchange: (event) => context.choose({ seconds: Number(event.target.value) }) });
  const speeds = select([["", t("fastestFit")], ...RATES.map((one) => [one, t("atLeast", { rate: number(one) })])], wished ?? "",
    { id: "speed", onchange: async (event) => {
      await context.choose({ rate: Number(event.target.value) || null });
      if (last) choose(...last);
    } });
  return { update({ choices: { network: other } }) {  // another tab may have chosen
    const key = JSON.stringify(other);
    if (sent.includes(key)) sent = sent.slice(sent.indexOf(key) + 1);
    else if (!sent.length && last && other && key !== JSON.stringify(last[0])) show(other, nameOf(other));
  }, element: h("div", { class: "columns wide" },
    h("div", {}, h("p", { class: "hint" }, t("pickNetwork")), reason, slider,
      h("fieldset", {}, h("legend", {}, t("network")), options), byHand),
    h("div", { class: "sticky" }, h("h2", {}, t("estimate")), result,
      h("p", {}, h("label", { for: "speed" }, `${t("speed")} `), speeds),
      h("p", {}, h("label", { for: "seconds" }, `${t("minutes")} `), times))) };
}

const nameOf = ({ recipe, hidden }) => recipe ?? hidden.join("-");

function option(found, name, pick) {
  const row = found.measured.find((one) => one.recipe === name), recipe = found.recipes[name];
  const layers = recipe.hidden ? `${recipe.hidden.join("-")}${recipe.synapses ? ` · ${t("synapses", {
    synapses: recipe.synapses.join("/") })}` : ""}` : typeof recipe.layers === "string" ? recipe.layers
    : `${recipe.layers.map((layer) => layer.neurons).join("-")} · ${t("tables")}`;
  return h("label", { class: "card choice" },
    h("input", { type: "radio", name: "network", value: name, onchange: () => pick(name) }), h("b", {}, name),
    h("span", { class: "quiet" }, layers),
    row && h("small", {}, asMeasured(row)));
}

const asMeasured = (row) => t("measuredAs", { dataset: row.dataset, accuracy: number(row.accuracy, 2),
  lut4: number(row.lut4), rate: rate(row.images_per_second) });

// A slider each for accuracy, area and speed, over what was measured on this board: one moves the others.
function points({ measured }, chosen, pick) {
  if (measured.length < 2) return [];
  const said = h("output", {}), show = (row) => {
    orders.forEach((order, index) => { inputs[index].value = order.indexOf(row); });
    said.textContent = `${row.recipe}: ${asMeasured(row)}`;
    return row.recipe;
  };
  const keys = ["accuracy", "lut4", "images_per_second"], orders = keys.map((key) => [...measured].sort((a, b) => a[key] - b[key]));
  const inputs = orders.map((order, index) => h("input", { type: "range", id: keys[index], min: 0, max: measured.length - 1,
    oninput: ({ target }) => show(order[target.value]), onchange: ({ target }) => pick(show(order[target.value])) }));
  show(measured.find((row) => row.recipe === chosen) ?? measured[0]);
  return h("div", { class: "card sliders" }, h("p", {}, t("slider")),
    keys.map((key, index) => [h("label", { for: key }, t(key)), inputs[index]]), said);
}

function hand(context, choose) {
  const rows = h("div", { class: "layers" });
  const build = (sizes, told) => {
    const inputs = sizes.map((size) => h("input", { type: "number", min: 1, max: 4096, value: size, required: true }));
    const read = () => inputs.map((input) => Number(input.value));
    const changed = () => inputs.every((input) => input.reportValidity()) &&
      choose({ hidden: read() }, nameOf({ hidden: read() }));
    for (const input of inputs) input.addEventListener("input", changed);
    rows.replaceChildren(...inputs.map((input, index) => h("label", {}, `${t("neurons", { index: index + 1 })} `, input)),
      h("p", {}, sizes.length < 6 && button(t("addLayer"), () => build([...read(), 64], true)), " ",
        sizes.length > 1 && button(t("dropLayer"), () => build(read().slice(0, -1), true)), " ", button(t("use"), changed)));
    if (told) changed();
  };
  build(context.snapshot.choices.network?.hidden ?? [64, 64]);
  return h("details", { class: "card" }, h("summary", {}, t("byHand")), rows);
}

function estimated(label, found) {
  if (found.error) return [h("b", {}, label), h("p", { class: "wrong" }, found.error)];
  return [h("b", {}, label),
    resources(found.used, found.available),
    h("p", { class: "big" }, rate(found.images_per_second), h("small", {}, ` ${t("perSecond")}`)),
    h("p", {}, `${number(found.interval)} ${t("interval")} ${t("atClock", { clock: number(found.megahertz, 2) })}; ${
      number(found.weight_bits / 1024, 1)} kbit ${t("weights")}`),
    h("details", {}, h("summary", {}, t("byHand")), table([t("layer"), t("outputs"), t("way"), "LUT4"], found.layers.map(
      (layer) => [layer.name, `${layer.left != null ? `${number(layer.left)} / ` : ""}${number(layer.outputs)}`,
        t(layer.way), layer.lut4 == null ? "–" : number(layer.lut4)])))];
}
