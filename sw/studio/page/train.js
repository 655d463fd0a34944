// Step 4: training, several runs side by side, and what the network takes for what.

import { url } from "./api.js";
import { compression } from "./compress.js";
import { button, chart, fill, h, number, picture, pictureRow, table } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

export default function train(context) {
  const actions = h("p"), job = h("div"), curves = h("div"), runs = h("div"), errors = h("div"), matrix = h("div");
  const dialog = h("dialog", {}), compressed = compression(context);
  const element = h("div", {}, actions, job, h("h2", {}, t("validation")), curves, runs, errors, matrix,
    compressed.element, dialog);
  return { element, update(now) {
    const last = context.last("train");
    const resumable = last && ["stopped", "lost", "failed"].includes(last.state);
    fill(actions, [resumable, !!now.data, now.runs.length, now.choices.network, now.choices.auto], () => [
      button(t(now.runs.length ? "again" : "startTraining"), () => context.start("train"),
        { class: "primary", disabled: !now.choices.network || now.choices.auto || !now.data }), " ",
      resumable && button(t("resume"), () => context.start("train", now.run))]);
    showJob(job, last);
    const lines = now.runs.map((run) => ({ name: run.name, points: points(now, run) }));
    fill(curves, lines, () => chart(lines, { title: t("validation"), unit: "%" }));
    fill(runs, [now.runs, now.run, shares(now)], () => now.runs.length ? listed(context, now) : []);
    const chosen = now.runs.find((run) => run.name === now.run), epochs = chosen ? points(now, chosen).length : 0;
    fill(errors, [now.run, epochs, now.files.includes("errors.png")], () =>
      epochs && now.files.includes("errors.png") && now.data ? wrong(context, now, epochs) : []);
    fill(matrix, [chosen?.trained?.confusion, chosen?.identity, now.run], () =>
      chosen?.trained?.confusion && now.data && chosen.identity ? confusion(context, now, chosen, dialog) : []);
    compressed.update(now);
  } };
}

const jobOf = (now, run) => now.jobs.findLast((one) => one.kind === "train" && one.run === run.name);
const shares = (now) => now.runs.map((run) => jobOf(now, run)?.state === "running" ? jobOf(now, run).now?.share ?? 0 : null);

function points(now, run) {
  if (run.trained?.history) return run.trained.history.map((entry, index) => [index + 1, entry.validation]);
  return jobOf(now, run)?.curve.map(([epoch, , validation]) => [epoch, validation]) ?? [];
}

function listed(context, now) {
  const named = (run) => run.network?.recipe ?? run.network?.hidden?.join("-") ?? "", share = shares(now);
  return [h("h2", {}, t("runs")), table([t("run"), t("network"), t("minutes"), t("accuracy"), ""], now.runs.map((run, index) =>
    [run.name, named(run), t("seconds", { seconds: run.seconds }),
      share[index] != null ? h("progress", { max: 1, value: share[index], "aria-label": `${t("running")}: ${run.name}` })
        : run.trained ? `${number(run.trained.test_accuracy, 2)} %` : "–",
      run.name === now.run ? t("used") : button(t("use"), () => context.choose({ run: run.name }),
        { "aria-label": `${t("use")} ${run.name}` })]))];
}

// Validation images that the latest epoch took for another class, a row a class.
function wrong(context, now, epochs) {
  const sheet = picture(`${context.file("errors.png")}&epoch=${epochs}`), { labels } = now.data;
  return [h("h2", {}, t("errors", { epoch: epochs })), table([], labels.slice(0, 40).map((label, index) =>
    [label, pictureRow(sheet, labels.length, index, t("errors", { epoch: epochs }))]))];
}

function confusion(context, now, run, dialog) {
  const labels = now.data.labels, rows = run.trained.confusion;
  const most = Math.max(1, ...rows.flatMap((row, truth) => row.filter((_, given) => given !== truth)));
  const show = (title, truth, given) => {
    dialog.replaceChildren(h("h2", {}, title), h("img", { alt: title, class: "gallery",
      src: url(`${context.path("cell")}?run=${run.name}&truth=${truth}&given=${given}`) }),
    h("p", {}, button(t("close"), () => dialog.close(), { class: "primary" })));
    dialog.showModal();
  };
  const cell = (truth, given, count) => {
    const title = t("cellTitle", { truth: labels[truth], given: labels[given], count });
    return h("td", { class: truth === given ? "right" : "",
      style: truth === given || !count ? {} : { background: `rgb(255 90 60 / ${0.08 + 0.35 * count / most})` } },
    count ? button(count, () => show(title, truth, given), { "aria-label": title }) : "");
  };
  return [h("h2", {}, t("confusion")), h("p", { class: "hint" }, t("confusionHint")),
    table([t("class"), ...labels], rows.map((row, truth) => [labels[truth], ...row.map((count, given) => cell(truth, given, count))]),
      { class: "confusion" })];
}
