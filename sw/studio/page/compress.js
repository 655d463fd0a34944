// Step 4: the same layers as a float network, and that one in 8 bits, in bits, and as look-up tables.

import { call } from "./api.js";
import { button, fill, h, number, table } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

export function compression(context) {
  const action = h("p"), job = h("div"), result = h("div");
  return { element: h("details", { class: "card" }, h("summary", {}, t("compress")), h("p", { class: "hint" }, t("compressHint")),
    action, job, result), update(now) {
    const last = context.last("compress"), running = last?.state === "running", done = context.fresh("compress");
    const not = context.ready && !now.runs.find((run) => run.name === now.run).compared;
    fill(action, [context.ready, running, not], () => not ? t("notCompressed") : button(t("compare"),
      () => context.start("compress", now.run), { disabled: !context.ready || running }));
    showJob(job, last);
    fill(result, done && last.id, () => []);
    if (done && !result.children.length) context.attempt(() => load(context, result));
  } };
}

async function load(context, place) {
  const [ranges, int8, [float, binary], [, lookup]] = await Promise.all(["ranges", "int8", "binary", "lookup"].map(
    (name) => call(context.file(`${name}.json`))));
  const row = (name, accuracy, octets) => [t(name), `${number(accuracy, 2)} %`, number(octets),
    `${number(float.octets / octets, 1)} ×`];
  place.replaceChildren(
    table([t("numbers"), t("accuracy"), t("bytes"), t("smaller")], [row("float", float.accuracies[0], float.octets),
      row("int8", int8.test.after, int8.memory.after), row("bits", binary.accuracies[0], binary.octets),
      row("tables", lookup.accuracies[0], lookup.octets)]),
    h("h2", {}, t("calibration", { images: number(ranges.images) })),
    table([t("layer"), "", t("least"), t("greatest")], ranges.ranges.map((one) =>
      [one.optimized, one.what, number(one.min, 3), number(one.max, 3)])));
}
