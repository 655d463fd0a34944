// Step 8: everything that was made, and the commands that make it again.

import { button, fill, h, table } from "./dom.js";
import { showJob } from "./main.js";
import { t } from "./text.js";

// Name of the file at the server, text, and the job that makes it.
const FILES = [["bitstream", "bitstream", "build"], ["weights", "flash"], ["report.txt", "report"],
  ["verilog", "verilog", "verilog"], ["c", "c", "c"], ["onnx", "onnx", "onnx"], ["network", "folded"],
  ["checkpoint", "checkpoint"]];
const OF_BUILD = ["bitstream", "weights", "report.txt"], MADE = ["verilog", "c", "onnx"];

export default function take(context) {
  const list = h("div"), jobs = MADE.map(() => h("div")), commands = h("pre", { tabindex: "0" });
  return { element: h("div", {}, h("p", { class: "hint" }, t("takeHint")), list, jobs,
    h("h2", {}, t("commands")), commands), update(now) {
    const stale = (file) => MADE.includes(file) ? !context.fresh(file) : OF_BUILD.includes(file) && !context.fresh("build");
    const there = now.files.filter((file) => !stale(file)), running = MADE.map((kind) => context.last(kind)?.state);
    fill(list, [there, now.run, context.ready, running], () => table([], FILES.filter(([file, , kind]) =>
      kind || there.includes(file)).map(([file, text, kind]) => [t(text), there.includes(file)
      ? h("a", { class: "button", href: context.file(file), download: "",
        "aria-label": `${t("download")}: ${t(text)}` }, t("download"))
      : button(t("make"), () => context.start(kind, now.run), { "aria-label": `${t("make")}: ${t(text)}`,
        disabled: !context.ready || context.last(kind)?.state === "running" })])));
    jobs.forEach((place, index) => showJob(place, context.fresh(MADE[index]) ? null : context.last(MADE[index])));
    fill(commands, now.jobs.map((job) => job.id), () => now.jobs.flatMap((job) => job.commands).join("\n"));
  } };
}
