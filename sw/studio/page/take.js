// Step 8: everything that was made, and the commands that make it again.

import { url } from "./api.js";
import { button, fill, h } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

// Name of the file at the server, text, and the job that makes it.
const FILES = [["bitstream", "bitstream", "build"], ["weights", "flash"], ["report.txt", "report"],
  ["verilog", "verilog", "verilog"], ["c", "c", "c"], ["onnx", "onnx", "onnx"], ["network", "folded"],
  ["checkpoint", "checkpoint"]];

export default function take(context) {
  const table = h("div"), jobs = h("div"), commands = h("pre", { tabindex: "0" });
  return { element: h("div", {}, h("p", { class: "hint" }, t("takeHint")), table, jobs,
    h("h2", {}, t("commands")), commands), update(now) {
    const last = ["verilog", "c", "onnx"].map((kind) => context.last(kind));
    const ready = now.runs.some((run) => run.name === now.run && run.folded);
    fill(table, [now.files, now.run, ready, last.map((job) => job?.state)], () => h("table", {}, h("tbody", {},
      FILES.filter(([file, , kind]) => kind || now.files.includes(file)).map(([file, text, kind]) => h("tr", {},
        h("th", { scope: "row" }, t(text)), h("td", {}, now.files.includes(file)
          ? h("a", { class: "button", href: `${url(context.path(`files/${file}`))}?run=${now.run}`,
            download: "", "aria-label": `${t("download")}: ${t(text)}` }, t("download"))
          : button(t("make"), () => context.start(kind, now.run),
            { class: "plain", "aria-label": `${t("make")}: ${t(text)}`, disabled: !ready ||
              context.last(kind)?.state === "running" })))))));
    for (const [index, job] of last.entries()) {
      jobs.children[index] ?? jobs.append(h("div"));
      showJob(jobs.children[index], job?.state === "done" ? null : job);
    }
    fill(commands, now.jobs.map((job) => job.id), () => now.jobs.flatMap((job) => job.commands).join("\n"));
  } };
}
