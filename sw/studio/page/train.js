// Step 4: training, several runs side by side, and what the network takes for what.

import { url } from "./api.js";
import { button, chart, fill, h, number } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

export default function train(context) {
  const actions = h("p"), job = h("div"), curves = h("div"), runs = h("div"), matrix = h("div");
  const dialog = h("dialog", {});
  const element = h("div", {}, actions, job, h("h2", {}, t("validation")), curves, runs, matrix, dialog);
  return { element, update(now) {
    const last = context.last("train");
    const running = now.jobs.some((one) => one.kind === "train" && one.state === "running");
    const resumable = last && ["stopped", "lost", "failed"].includes(last.state);
    fill(actions, [running, resumable, now.runs.length, now.choices.network, now.choices.auto], () => [
      button(t(now.runs.length ? "again" : "startTraining"), () => context.start("train"),
        { class: "primary", disabled: !now.choices.network || now.choices.auto || !now.data }), " ",
      resumable && button(t("resume"), () => context.start("train", now.run), { class: "plain" })]);
    showJob(job, last);
    const lines = now.runs.map((run) => ({ name: run.name, points: points(now, run) }));
    fill(curves, lines, () => chart(lines, { title: t("validation"), unit: "%" }));
    fill(runs, [now.runs, now.run], () => now.runs.length ? table(context, now) : []);
    const chosen = now.runs.find((run) => run.name === now.run);
    fill(matrix, [chosen?.trained?.confusion, chosen?.folded, now.run], () =>
      chosen?.trained?.confusion && now.data && chosen.folded ? confusion(context, now, chosen, dialog) : []);
  } };
}

function points(now, run) {
  if (run.trained?.history) return run.trained.history.map((entry, index) => [index + 1, entry.validation]);
  const job = now.jobs.findLast((one) => one.kind === "train" && one.run === run.name);
  return job ? job.curve.map(([epoch, , validation]) => [epoch, validation]) : [];
}

function table(context, now) {
  const named = (run) => run.network?.recipe ?? run.network?.hidden?.join("-") ?? "";
  return [h("h2", {}, t("runs")), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {},
    [t("run"), t("network"), t("minutes"), t("accuracy"), ""].map((text) => h("th", { scope: "col" }, text)))),
  h("tbody", {}, now.runs.map((run) => h("tr", {}, h("th", { scope: "row" }, run.name), h("td", {}, named(run)),
    h("td", {}, t("seconds", { seconds: run.seconds })),
    h("td", {}, run.trained ? `${number(run.trained.test_accuracy, 2)} %` : "–"),
    h("td", {}, run.name === now.run ? t("used") : button(t("use"), () => context.choose({ run: run.name }),
      { class: "plain", "aria-label": `${t("use")} ${run.name}` })))))))];
}

function confusion(context, now, run, dialog) {
  const labels = now.data.labels, rows = run.trained.confusion;
  const most = Math.max(1, ...rows.flatMap((row, truth) => row.filter((_, given) => given !== truth)));
  const show = (truth, given, count) => {
    const title = t("cellTitle", { truth: labels[truth], given: labels[given], count });
    dialog.replaceChildren(h("h2", {}, title), h("img", { alt: title, class: "gallery",
      src: url(`${context.path("cell")}?run=${run.name}&truth=${truth}&given=${given}`) }),
    h("p", {}, button(t("close"), () => dialog.close(), { class: "primary" })));
    dialog.showModal();
  };
  return [h("h2", {}, t("confusion")), h("p", { class: "hint" }, t("confusionHint")),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": t("confusion") },
      h("table", { class: "confusion" },
        h("thead", {}, h("tr", {}, h("td"), labels.map((label) => h("th", { scope: "col" }, label)))),
        h("tbody", {}, rows.map((row, truth) => h("tr", {}, h("th", { scope: "row" }, labels[truth]),
          row.map((count, given) => h("td", { class: truth === given ? "right" : "",
            style: truth === given || !count ? {} : { background: `rgb(255 90 60 / ${0.08 + 0.35 * count / most})` } },
          count ? button(count, () => show(truth, given, count),
            { "aria-label": t("cellTitle", { truth: labels[truth], given: labels[given], count }) }) : ""))))))) ];
}
