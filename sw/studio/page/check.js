// Step 5: is the golden model what was trained, and the circuit the golden model?

import { button, fill, h, number } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

const EQUAL = /^equal to golden: ([\d,]+) of ([\d,]+)/;

// A verdict is shown only of the network, board and speed that are chosen now.
export default function check(context) {
  const golden = part(context, "evaluate", "golden"), rtl = part(context, "simulate", "rtl");
  return { element: h("div", { class: "columns" }, golden.element, rtl.element), update(now) {
    const { identity, compared } = now.evaluation ?? {}, own = now.runs.find((run) => run.name === now.run);
    golden.update(now, compared && identity === own.identity && [compared.images - compared.scores_differ, compared.images]);
    const job = context.last("simulate"), found = job?.texts.map((line) => EQUAL.exec(line)).find(Boolean);
    rtl.update(now, job?.current && (found ? found.slice(1).map((text) => Number(text.replaceAll(",", "")))
      : job.state === "failed" && /differ/.test(job.errors) && []));
  } };
}

function part(context, kind, name) {
  const action = h("p"), verdict = h("div"), job = h("div");
  return { element: h("section", { class: "card" }, h("h2", {}, t(`${name}Title`)), h("p", {}, t(`${name}Why`)),
    verdict, action, job), update(now, found) {
    const trained = context.last("train"), { ready } = context;  // a training ends with the golden model's comparison
    const last = context.last(kind) ?? (kind === "evaluate" && trained?.state === "failed" ? trained : null);
    fill(verdict, [found, ready], () => {
      if (!found) return h("p", { class: "verdict" }, t(ready ? "notCompared" : "trainFirst"));
      const [equal, images] = found, same = images != null && equal === images;
      return h("p", { class: same ? "verdict equal" : "verdict wrong" }, h("b", {}, t(same ? "equal" : "differs")), " ",
        images != null && t(same ? "equalAll" : "equalOf", { equal: number(equal), images: number(images) }));
    });
    fill(action, [ready, last?.state === "running"], () => button(t("compare"), () => context.start(kind, now.run),
      { class: "primary", disabled: !ready || last?.state === "running" }));
    showJob(job, last);
  } };
}
