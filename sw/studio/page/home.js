// Begin with a dataset, or go on with a project.

import { call, get, post } from "./api.js";
import { button, fill, h, number } from "./dom.js";
import { t } from "./text.js";

export default function home(context) {
  const tiles = h("div", { class: "tiles" }), projects = h("ul", { class: "projects" });
  const tile = (dataset, ...text) => button(text, () => context.attempt(async () =>
    context.go("data", (await post("projects", { dataset })).name)), { class: "tile" });
  const refresh = () => context.attempt(async () => {
    const found = await get("projects");
    fill(tiles, found.datasets, () => [
      found.datasets.sort((a, b) => (b === "mnist") - (a === "mnist")).map((name) => tile(name, name, h("small", {}, t(`about-${name}`)))),
      tile("own", t("own"), h("small", {}, t("ownHint")))]);
    fill(projects, found.projects, () => found.projects.length ? found.projects.map((project) =>
      h("li", {}, h("a", { href: `#/${project.name}/data` }, project.name),
        h("span", {}, [project.board, project.labels.slice(0, 6).join(", "), project.accuracy && `${number(project.accuracy, 2)} %`,
          project.busy && t("running")].filter(Boolean).join(" · ")),
        button(t("remove"), () => confirm(t("removeSure", { name: project.name })) &&
          context.attempt(() => call(`projects/${project.name}`, { method: "DELETE" })).then(refresh),
        { "aria-label": `${t("remove")}: ${project.name}` })))
      : h("li", {}, t("none")));
  });
  refresh();
  return { element: h("div", {}, h("h1", {}, t("tagline")), h("h2", {}, t("begin")), tiles,
    h("h2", {}, t("goOn")), projects) };
}
