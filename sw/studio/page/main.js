// The frame of the page: the address says which project and step is shown.

import { get, live, post, url } from "./api.js";
import { button, clock, fill, h } from "./dom.js";
import { LANGUAGES, current, said, speak, t } from "./text.js";
import home from "./home.js"; import data from "./data.js"; import board from "./board.js";
import network from "./network.js"; import train from "./train.js"; import check from "./check.js";
import build from "./build.js"; import tryIt from "./try.js"; import take from "./take.js";

const VIEWS = { data, board, network, train, check, build, try: tryIt, take };
const STEPS = Object.keys(VIEWS);
const KINDS = { data: ["data"], train: ["train", "compress"], check: ["simulate", "evaluate"], build: ["build"],
  try: ["virtual"], take: ["verilog", "c", "onnx"] };  // jobs of a step; the first one says how it ended
const place = (id) => document.getElementById(id);

let here = { name: null, step: null };
let shown = null;       // the view: { element, update }
let endLive = null;
let snapshot = null;

export const context = {
  get name() { return here.name; },
  get snapshot() { return snapshot; },
  get ready() { return snapshot.runs.some((run) => run.name === snapshot.run && run.identity); },
  path: (rest = "") => `projects/${here.name}${rest && `/${rest}`}`,
  file: (name) => `${url(context.path(`files/${name}`))}?run=${snapshot.run}`,
  go: (step, name = here.name) => { location.hash = name ? `#/${name}/${step}` : "#/"; },
  say: (text) => { place("said").textContent = text; place("said").className = ""; },
  start: (kind, run) => context.attempt(() => post(context.path("jobs"), { kind, run })),
  choose: (choices) => context.attempt(() => post(context.path(), choices)),
  last: (kind, run = snapshot.run) => snapshot.jobs.findLast(
    (job) => job.kind === kind && (kind === "data" || job.run === run)),
  fresh: (kind) => context.last(kind)?.state === "done" && context.last(kind).current,
  async attempt(action) {
    try {
      context.say("");
      return await action();
    } catch (error) {
      context.say(error.message);
      place("said").className = "wrong";
    }
  },
};

// What a job is doing: its steps with time left, its log, a button that stops it.
function jobPart(job, endless) {
  if (!job) return [];
  const now = job.now, running = job.state === "running";
  return h("section", { class: `job ${job.state}` },
    h("p", { class: "state" }, h("b", {}, t(job.state)),
      running && now && !now.ended && ` · ${said(now.step)}${
        now.left != null ? ` · ${t("left", { time: clock(now.left) })}`
          : now.seconds != null ? ` · ${t("soFar", { time: clock(now.seconds) })}` : ""}`,
      !job.current && ` · ${t("stale")}`),
    running && !(endless && job.texts.length) && h("progress", { max: 1, "aria-label": t("running"),
      value: now?.share }),
    job.steps.length > 1 && h("ol", { class: "substeps" }, job.steps.map((step) =>
      h("li", { class: step.ended ? "ended" : "" }, said(step.step),
        step.seconds != null && h("span", {}, clock(step.seconds))))),
    (job.error ? [job.error] : job.errors.split("\n").filter((line) => line.startsWith("error: "))).map(
      (reason) => h("p", { class: "wrong" }, reason.replace("error: ", ""))),
    running && button(t("stop"), () => context.attempt(() => post(context.path("stop"), { id: job.id }))),
    h("details", {}, h("summary", {}, t("log")),
      h("pre", { tabindex: "0" }, [...job.texts, job.errors].filter(Boolean).join("\n") || "–")));
}

// Show a job in an element; the log that somebody opened stays open.
export function showJob(element, job, endless = false) {
  const open = element.querySelector("details")?.open;
  fill(element, [job, current()], () => jobPart(job, endless));
  if (open && element.querySelector("details")) element.querySelector("details").open = true;
}

const marks = (step) => {
  const states = step === "take" ? [] : (KINDS[step] ?? []).map((kind) => context.last(kind)?.state);
  const built = context.fresh("build"), state = states.find((one) => one === "running") ?? states[0];
  const made = { data: snapshot.data, board: true, network: snapshot.choices.network, build: built, take: built,
    train: snapshot.runs.some((run) => run.identity), check: context.fresh("simulate"), try: state === "running" };
  return state === "running" && step !== "try" ? "running" : state === "failed" ? "failed" : made[step] ? "done" : "";
};

// Where a project that goes all the way is, or where it came to. Where somebody draws, nothing may move.
function onTheWay() {
  const is = (state) => STEPS.findLast((step) => marks(step) === state), auto = snapshot.choices.auto;
  const step = auto ? is("running") : is("failed") ?? (context.last("virtual")?.state === "running" && "try");
  const link = step && step !== here.step && h("a", { href: `#/${here.name}/${step}` }, t(step));
  return here.step !== "try" && (auto || link) ? h("p", { class: "card onway" }, t(auto ? "onTheWay" : step === "try" ? "ready" : "failed"), " ", link) : [];
}

function frame() {
  const other = LANGUAGES.find((name) => name !== current());
  fill(place("header"), [here, other], () => [h("a", { href: "#/", class: "brand" }, t("title")),
    h("span", { class: "tagline" }, here.name), button(t("language"), () => {
      speak(other);
      localStorage.setItem("language", other);
      render();
    }, { lang: other })]);
  const states = here.name && snapshot ? STEPS.map(marks) : [];
  fill(place("steps"), [here, current(), states], () => here.name ? h("ol", {}, STEPS.map((step, index) =>
    h("li", { class: states[index] ?? "" }, h("a", { href: `#/${here.name}/${step}`,
      "aria-current": step === here.step && "step" }, h("span", {}, index + 1), t(step),
    states[index] && h("small", { class: "mark" }, h("span", {}, t(states[index]))))))) : []);
  place("steps").setAttribute("aria-label", t("steps"));
  place("skip").textContent = t("skip");
  document.title = here.step ? `${t(here.step)} · ${here.name} · ${t("title")}` : t("title");
}

function render() {
  if (here.name && !snapshot) return;  // it is on its way
  shown?.leave?.();
  const next = STEPS[STEPS.indexOf(here.step) + 1];
  shown = here.name ? { footer: h("div"), way: h("div", { role: "status" }), ...VIEWS[here.step](context) } : home(context);
  place("view").replaceChildren(...here.name ? [h("h1", {}, t(here.step)), shown.way, shown.element, shown.footer,
    next ? h("p", { class: "next" }, h("a", { class: "button", href: `#/${here.name}/${next}` },
      t("next", { step: t(next) }))) : ""] : [shown.element]);
  update();
}

function update() {
  shown.update?.(snapshot);
  const commands = (snapshot && KINDS[here.step] || []).flatMap((kind) => context.last(kind)?.commands ?? []);
  if (shown.way) fill(shown.way, [snapshot.choices.auto, STEPS.map(marks), current()], onTheWay);
  if (shown.footer) fill(shown.footer, commands, () => commands.length ? h("details", { class: "commands" },
    h("summary", {}, t("command")), h("pre", { tabindex: "0" }, commands.join("\n"))) : []);
  frame();
}

async function route() {
  const [, name, step] = decodeURIComponent(location.hash).split("/");
  const before = here;
  here = { name: name || null, step: name ? (STEPS.includes(step) ? step : "data") : null };
  if (before.name !== here.name) {
    endLive?.();
    endLive = snapshot = null;
    if (here.name) {
      const found = await context.attempt(() => get(context.path()));
      if (!found) return context.go("", null);
      snapshot = found;
      endLive = live(here.name, (now) => {
        if (place("said").textContent === t("noServer")) context.say("");
        snapshot = now;
        update();
      }, () => get(context.path()).catch(({ status }) => status === 404 ? context.go("", null) : context.say(t("noServer"))));
    }
  }
  render();
  if (before.step !== null || here.step === null) place("view").focus({ preventScroll: true });
  scrollTo(0, 0);
}

speak(localStorage.getItem("language") ?? (navigator.language.startsWith("ja") ? "ja" : "en"));
place("skip").addEventListener("click", (event) => {
  event.preventDefault();
  place("view").focus();
});
addEventListener("hashchange", route);
route();
