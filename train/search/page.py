"""Page of a search: one HTML file without anything from elsewhere, its picture drawn in SVG."""

import json
from html import escape


COLOURS = {"lookup": "#1f77b4", "sparse": "#d62728", "dense": "#2ca02c", "conv": "#9467bd",
           "published": "#555555"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #222; background: #fff }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid #ddd }
th:nth-child(-n+2), td:nth-child(-n+2), td.text, th.text { text-align: left }
td:nth-child(n+3) { white-space: nowrap }
tr.best td { background: #fff6d6 } tr:target td, tr.lit td { background: #dcecff }
code { font-size: .82rem; word-break: break-word } details { margin: .2rem 0 }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif }
circle, path.star { cursor: pointer } circle:hover, circle.lit { stroke: #000; stroke-width: 2 }
#tip { position: fixed; pointer-events: none; background: #222; color: #fff; padding: .4rem .6rem;
       border-radius: .3rem; font-size: .85rem; max-width: 26rem; display: none }
.bar { background: #1f77b4; height: .8rem; display: inline-block }
.key { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%;
       margin: 0 .3rem 0 1rem }
"""
SCRIPT = """
const data = JSON.parse(document.getElementById('data').textContent);
const svg = document.querySelector('svg'), tip = document.getElementById('tip');
const W = 900, H = 420, L = 55, B = 40, T = 12, R = 12, NS = 'http://www.w3.org/2000/svg';
const axis = { lut4: 'LUT4, estimated, board included', rate: 'images per second' };
const make = (name, attributes, parent, text) => {
  const node = document.createElementNS(NS, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  (parent || svg).appendChild(node); return node; };
const number = value => Math.round(value).toLocaleString('en');
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map(each => each * power).find(each => each >= raw);
  const found = [];
  for (let at = Math.ceil(low / step) * step; at <= high + 1e-9; at += step) found.push(at);
  return found; }
function draw() {
  svg.replaceChildren();
  const by = document.getElementById('by').value, all = document.getElementById('all').checked;
  const fits = data.points.filter(point => point.fits && point.y);
  const tops = fits.map(point => point.y).sort((a, b) => a - b);
  const low = all ? Math.max(0, tops[0] - 1) : tops[Math.floor(tops.length / 4)] - 0.5;
  const high = Math.min(100, tops[tops.length - 1] + 0.5);
  const log = by === 'rate', scale = value => log ? Math.log10(Math.max(1, value)) : value;
  const xs = fits.map(point => scale(point[by]));
  const left = log ? Math.floor(Math.min(...xs)) : 0;
  const right = log ? Math.ceil(Math.max(...xs) + 0.01) : Math.max(...xs) * 1.05;
  const X = value => L + (scale(value) - left) / (right - left) * (W - L - R);
  const Y = value => H - B - (value - low) / (high - low || 1) * (H - B - T);
  for (const at of ticks(low, high, 6)) {
    make('line', { x1: L, x2: W - R, y1: Y(at), y2: Y(at), stroke: '#e5e5e5' });
    make('text', { x: L - 6, y: Y(at) + 4, 'text-anchor': 'end' }, null, +at.toFixed(2)); }
  const marks = log ? Array.from({ length: right - left + 1 }, (_, k) => 10 ** (left + k))
                    : ticks(left, right, 8);
  for (const at of marks)
    make('text', { x: X(at), y: H - B + 16, 'text-anchor': 'middle' }, null, number(at));
  make('text', { x: (W + L) / 2, y: H - 6, 'text-anchor': 'middle' }, null, axis[by]);
  make('text', { x: 14, y: H / 2, 'text-anchor': 'middle', transform: `rotate(-90 14 ${H / 2})` },
       null, 'validation accuracy in %');
  make('line', { x1: L, x2: W - R, y1: H - B, y2: H - B, stroke: '#888' });
  for (const point of fits) {
    if (point.y < low) continue;
    const node = make('circle', { cx: X(point[by]), cy: Y(point.y), r: point.full ? 7 : 3.5,
      fill: data.colours[point.family] || '#888', 'fill-opacity': point.full ? 0.95 : 0.45,
      stroke: point.front ? '#000' : 'none', 'data-row': point.row || '' });
    if (point.family === 'published')
      make('text', X(point[by]) > W - 150
        ? { x: X(point[by]) - 9, y: Y(point.y) + 4, fill: '#333', 'text-anchor': 'end' }
        : { x: X(point[by]) + 9, y: Y(point.y) + 4, fill: '#333' }, null, point.name);
    node.onmousemove = event => {
      tip.style.display = 'block';
      tip.style.left = Math.min(event.clientX + 14, innerWidth - 420) + 'px';
      tip.style.top = event.clientY + 14 + 'px';
      tip.textContent = `${point.name}: ${point.y} %, ${number(point.lut4)} LUT4, ` +
        `${number(point.rate)} images/s. ${point.layout || ''}`; };
    node.onmouseleave = () => { tip.style.display = 'none'; };
    node.onclick = () => { if (point.row) {
      const row = document.getElementById(point.row);
      row.closest('details')?.setAttribute('open', '');
      location.hash = point.row; } }; } }
document.getElementById('by').onchange = draw;
document.getElementById('all').onchange = draw;
draw();
"""


def html(found):
    """Return the page of what :func:`train.search.report.gathered` returned."""
    data = {"points": list(points(found)), "colours": COLOURS}
    embedded = json.dumps(data).replace("</", "<\\/")
    title = f"Search {found['name']}"
    return "\n".join((
        "<!DOCTYPE html>", '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>", *summary(found), *chart(found), *networks(found),
        *default(found), *builds(found), *known(found), *weights(found), *trials(found),
        '<div id="tip"></div>',
        f'<script id="data" type="application/json">{embedded}</script>',
        f"<script>{SCRIPT}</script></body></html>", ""))


def points(found):
    """Yield the points of the picture as dicts."""
    for entry in found["brief_networks"]:
        yield {"name": f"trial {entry['trial']}, brief", "y": entry["validation"], "full": False,
               "row": f"brief-{entry['trial']}",
               **{key: entry[key] for key in ("family", "lut4", "rate", "fits", "front",
                                              "layout")}}
    for entry in found["networks"]:
        yield {"name": f"trial {entry['trial']}", "y": entry["validation"], "full": True,
               "row": f"full-{entry['trial']}",
               **{key: entry[key] for key in ("family", "lut4", "rate", "fits", "front",
                                              "layout")}}
    for entry in found["published"]:
        if entry["accuracy"]:
            yield {"name": entry["name"], "y": round(entry["accuracy"], 2), "family": "published",
                   "full": True, "fits": True, "front": False, "lut4": entry["lut4"],
                   "rate": entry["rate"]}


def summary(found):
    """Yield what was searched for."""
    counts = ", ".join(f"{count} {what}" for what, count in found["trials"].items())
    brief = found["brief"]
    yield (f"<p>{escape(found['dataset'])} on {escape(found['board'])} ({escape(found['device'])}, "
           f"{found['lut4']:,} LUT4 for a design, {found['megahertz']:g} MHz). Goal: "
           f"{escape(found['goal'])}. Brief trainings ({brief['epochs']} epochs over "
           f"{brief['images']:,} images): {counts}. Accuracy is of the validation images, by which "
           f"everything was chosen. The test images were read once, for the networks that were "
           f"trained in full.</p>")


def chart(found):
    """Yield the picture with its keys."""
    keys = "".join(f'<span class="key" style="background:{colour}"></span>{family}'
                   for family, colour in COLOURS.items()
                   if any(point["family"] == family for point in points(found)))
    yield ('<p><label>Across: <select id="by"><option value="lut4">LUT4</option>'
           '<option value="rate">images/s</option></select></label> '
           '<label><input type="checkbox" id="all"> all accuracies</label>'
           f'{keys}. Large points are trained in full; a black rim is the front. A click leads to '
           f'the row.</p>')
    yield '<svg viewBox="0 0 900 420" role="img" aria-label="accuracy against area"></svg>'


def networks(found):
    """Yield the table of the networks that were trained in full."""
    yield "<h2>Networks trained in full</h2>"
    if not found["networks"]:
        yield "<p>None yet: the same command with more time goes on.</p>"
        return
    yield ("<table><tr><th>trial</th><th>network</th><th>validation</th><th>test</th>"
           "<th>seeds</th><th>LUT4</th><th>images/s</th><th>cycles</th><th>front</th></tr>")
    for entry in found["networks"]:
        tests = ", ".join(f"{test:.2f}" for test in entry["tests"])
        fits = "yes" if entry["front"] else "" if entry["fits"] else "does not fit"
        yield (f'<tr id="full-{entry["trial"]}"{_best(entry)}><td>{entry["trial"]}</td>'
               f'<td>{escape(entry["family"])}: {escape(entry["layout"])}<details><summary>files, '
               f'identity, command</summary>{_files(entry)}<code>{escape(entry["command"])}</code>'
               f'</details></td><td>{entry["validation"]:.2f} %</td>'
               f'<td title="{tests}">{entry["test"]:.2f} %</td><td>{len(entry["seeds"])}</td>'
               f'<td>{entry["lut4"]:,}</td><td>{entry["rate"]:,}</td><td>{entry["interval"]:,}</td>'
               f'<td>{fits}</td></tr>')
    yield "</table>"


def default(found):
    """Yield how the best network compares with the board's default recipe on the same data."""
    usual = found["default"]
    if not usual or "best_gains" not in usual:
        return
    area = ("does not fit this board" if usual["best_area"] is None or not usual["fits"] else
            f"takes {usual['lut4']:,} LUT4, the best one {100 * usual['best_area']:.0f} % of it")
    yield (f"<p>The board's default recipe <code>{escape(usual['recipe'])}</code> has "
           f"{usual['validation']:.2f} % of the validation and {usual['test']:.2f} % of the test "
           f"images on these data and {area}. The best network has {usual['best_gains']:+.2f} and "
           f"{usual['best_gains_test']:+.2f} points.</p>")


def builds(found):
    """Yield the bitstreams of the networks that the user keeps."""
    if not found["builds"]:
        return
    yield ("<h2>Placed and routed</h2><table><tr><th>network</th><th></th><th>MHz reached</th>"
           "<th>MHz used</th><th>LUT4</th><th>estimate</th><th>images/s</th></tr>")
    for entry in found["builds"]:
        if not entry["built"]:
            yield (f"<tr><td>{escape(entry['name'])}</td><td colspan='6' class='text'>not built: "
                   f"{escape(entry['message'])}</td></tr>")
            continue
        yield (f"<tr><td>{escape(entry['name'])}</td><td><details><summary><a href="
               f'"{escape(entry["bitstream"])}">bitstream</a>, <a href="{escape(entry["report"])}">'
               f"report</a></summary><code>{escape(entry['command'])}</code></details></td>"
               f"<td>{entry['reached']:.2f}</td><td>{entry['megahertz']:g}</td>"
               f"<td>{entry['lut4']:,}</td><td>{entry['estimate']:,}</td>"
               f"<td>{entry['rate']:,.0f}</td></tr>")
    yield "</table><p>After place and route, the clock that timing allows.</p>"


def known(found):
    """Yield the published networks of the board."""
    if not found["published"]:
        return
    yield ("<h2>Published networks of this board</h2><table><tr><th>network</th><th></th>"
           "<th>validation</th><th>test</th><th>LUT4</th><th>images/s</th></tr>")
    for entry in found["published"]:
        yield (f"<tr><td>{escape(entry['name'])}</td><td></td><td>{_percent(entry['accuracy'])}"
               f"</td><td>{_percent(entry['test_accuracy'])}</td><td>{entry['lut4']:,}</td>"
               f"<td>{entry['rate']:,.0f}</td></tr>")
    yield "</table><p>At the clock of the search and by the same estimate.</p>"


def weights(found):
    """Yield how much each choice mattered."""
    if not found["importance"]:
        return
    yield "<h2>What mattered for accuracy</h2>"
    for family, shares in found["importance"].items():
        yield f"<h3>{escape(family)}</h3><table>"
        for name, share in shares.items():
            yield (f'<tr><td>{escape(name)}</td><td><span class="bar" style="width:'
                   f'{20 * share:.1f}rem"></span> {100 * share:.0f} %</td></tr>')
        yield "</table>"


def trials(found):
    """Yield the table of brief trainings, folded away."""
    yield (f"<h2>Brief trainings</h2><details><summary>{len(found['brief_networks'])} networks"
           f"</summary><table><tr><th>trial</th><th>network</th><th>validation</th><th>LUT4</th>"
           f"<th>images/s</th><th>fits</th></tr>")
    for entry in sorted(found["brief_networks"], key=lambda entry: -entry["validation"]):
        yield (f'<tr id="brief-{entry["trial"]}"><td>{entry["trial"]}</td>'
               f'<td>{escape(entry["family"])}<br><code>{escape(entry["command"])}</code></td>'
               f'<td>{entry["validation"]:.2f} %</td><td>{entry["lut4"]:,}</td>'
               f'<td>{entry["rate"]:,}</td><td>{"yes" if entry["fits"] else "no"}</td></tr>')
    yield "</table></details>"


def _files(entry):
    rows = [f'<a href="networks/{name}/{name}.net.npz">{name}.net.npz</a> {identity}, test '
            f'{test:.2f} %' for name, identity, test
            in zip(entry["files"], entry["identity"], entry["tests"], strict=True)]
    return f"<p>{'<br>'.join(rows)}</p>"


def _best(entry):
    return ' class="best"' if entry["best"] else ""


def _percent(value):
    return "" if value is None else f"{value:.2f} %"
