// Step 6: the bitstream, step by step; when it fails, the reason and the ways out.

import { button, fill, h, number, rate, resources } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

export default function build(context) {
  const action = h("p"), job = h("div"), ways = h("div"), report = h("div"), loading = h("div");
  return { element: h("div", {}, action, job, ways, report, loading), update(now) {
    const last = context.last("build"), made = context.fresh("build") && now.report;
    fill(action, [context.ready, last?.state, now.run, !!made, now.choices.part], () => context.ready ? [
      button(t("startBuild"), () => context.start("build", now.run), { class: made ? "plain" : "primary",
        disabled: last?.state === "running" }), " ", made && !now.choices.part &&
      button(t("program"), () => context.start("program", now.run), { class: "primary" })] : t("trainFirst"));
    showJob(job, last);
    fill(ways, last?.state, () => last?.state === "failed" ? h("section", { class: "card" }, h("h2", {}, t("waysOut")),
      h("p", {}, [["otherNetwork", () => context.go("network")], ["otherBoard", () => context.go("board")],
        ["tryAgain", () => context.start("build", now.run)]].map(([key, act]) => [button(t(key), act), " "])))
      : []);
    fill(report, made, () => made ? shown(made) : []);
    showJob(loading, context.last("program"));
  } };
}

function shown(report) {
  const { clock, images_per_second: speed } = report;
  const of = (key) => Object.fromEntries(Object.entries(report.resources).map(([kind, part]) => [kind, part[key]]));
  return h("section", { class: "card" }, h("h2", {}, t("utilization")),
    resources(of("used"), of("available")),
    h("p", { class: "big" }, rate(speed.core), h("small", {}, ` ${t("perSecond")}`)),
    h("p", {}, `${number(report.interval)} ${t("interval")}; ${t("reached", {
      used: number(clock.megahertz, 2), reached: number(clock.reached, 2) })}`),
    report.accuracy && h("p", {}, `${t("accuracy")}: ${number(report.accuracy.percent, 2)} %`));
}
