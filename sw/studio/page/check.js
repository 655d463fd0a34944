// Step 5: is the golden model what was trained, and the circuit the golden model?

import { button, fill, h } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

const EQUAL = /^equal to golden: ([\d,]+) of ([\d,]+)/;

export default function check(context) {
  const parts = {
    evaluate: part(context, "evaluate", "golden"), simulate: part(context, "simulate", "rtl") };
  return { element: h("div", { class: "columns" }, Object.values(parts).map((one) => one.element)), update(now) {
    const compared = now.evaluation?.compared;
    parts.evaluate.update(now, compared && { images: compared.images,
      equal: compared.images - compared.scores_differ });
    const job = context.last("simulate");
    const found = job?.texts.map((line) => EQUAL.exec(line)).find(Boolean);
    parts.simulate.update(now, found && { equal: found[1], images: found[2] });
  } };
}

function part(context, kind, name) {
  const action = h("p"), verdict = h("div"), job = h("div");
  return { element: h("section", { class: "card" }, h("h2", {}, t(`${name}Title`)), h("p", {}, t(`${name}Why`)),
    verdict, action, job), update(now, found) {
    const last = context.last(kind), ready = now.runs.some((run) => run.name === now.run && run.folded);
    const same = found && String(found.equal) === String(found.images);
    fill(verdict, [found, last?.state, ready], () => found
      ? h("p", { class: same ? "verdict equal" : "verdict wrong" }, h("b", {}, t(same ? "equal" : "differs")), " ",
        t("equalOf", { equal: found.equal.toLocaleString?.("en") ?? found.equal,
          images: found.images.toLocaleString?.("en") ?? found.images }))
      : h("p", { class: "verdict" }, t(ready ? "notCompared" : "trainFirst")));
    fill(action, [ready, last?.state === "running"], () => button(t("compare"), () => context.start(kind, now.run),
      { class: "primary", disabled: !ready || last?.state === "running" }));
    showJob(job, last);
  } };
}
