"""Tests of boards.record.table and boards.record.plot: what readers of the benchmark see."""

import pytest

from boards import bench
from boards.record import plot as bench_plot
from boards.record import table as bench_table
from boards.record.presets import PRESETS


ROW = {"preset": "one", "recipe": "tfc", "dataset": "mnist", "accuracy": 95.491, "synapses": 59008,
       "board": "icebreaker", "lut4": 3756, "ff": 1818, "block_ram": 30, "fmax_mhz": 27.94,
       "clock_mhz": 24.0, "interval": 220, "latency_cycles": 1234,
       "images_per_second": 24e6 / 220, "lut4_per_synapse": 0.0636, "current": True}
LINE = ("| `one` | `tfc`, 59,008 synapses | 95.49 % | icebreaker | 109 k | 24 MHz (27.9) | 220 | "
        "1,234 cycles | 3,756 | 0.06 | 1,818 | 30 |")


def test_a_row_is_a_line():
    lines = bench_table.render([ROW]).splitlines()
    assert lines[2:] == [LINE]
    assert {line.count("|") for line in lines} == {13}


def test_a_look_up_row_counts_tables_and_votes_and_has_no_area_a_synapse():
    row = {**ROW, "recipe": "lookup-25f", "synapses": 1400, "lut4_per_synapse": None,
           "parts": {"tables": 4400, "votes": 1400}}
    assert bench_table.render([row]).splitlines()[2] == LINE.replace(
        "`tfc`, 59,008 synapses", "`lookup-25f`, 4,400 tables, 1,400 votes").replace(
        "| 0.06 |", "| - |")


def test_parts_of_a_threshold_network_print_as_before():
    row = {**ROW, "parts": {"synapses": 59008}}
    assert bench_table.render([row]) == bench_table.render([ROW])


def test_rows_of_other_hardware_are_marked():
    lines = bench_table.render([ROW, {**ROW, "current": False}]).splitlines()
    assert lines[2:4] == [LINE, LINE.replace("`one`", "`one` †")]
    assert lines[-1] == "† of other hardware than today's: measured before its last change."


def test_another_dataset_is_named():
    assert "| 95.49 % (fashion-mnist) |" in bench_table.render([{**ROW, "dataset":
                                                                 "fashion-mnist"}])


@pytest.mark.parametrize(("number", "text"), [
    (1e8, "100 M"), (2.44e6, "2.4 M"), (109090.9, "109 k"), (4321, "4.3 k"), (999, "999")])
def test_rates_are_short(number, text):
    assert bench_table.rate(number) == text


def test_the_table_goes_between_its_markers():
    text = "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n"
    once = bench_table.replace(text, "new\n")
    assert once == "a\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nb\n"
    assert bench_table.replace(once, "new\n") == once


@pytest.mark.parametrize("text", ["", "<!-- bench -->\n", "<!-- /bench -->\n<!-- bench -->\n"])
def test_a_readme_without_markers_is_refused(text):
    with pytest.raises(ValueError, match=r"^README\.md must have the lines '<!-- bench -->' and "
                       r"'<!-- /bench -->' around the benchmark's table: it does not$"):
        bench_table.replace(text, "new\n")


def test_the_readme_has_the_markers():
    assert bench_table.replace((bench.ROOT / "README.md").read_text(encoding="utf-8"), "x\n")


def test_presets_are_listed(capsys):
    bench.main(["--list"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(PRESETS)


def test_peers_are_numbers_with_their_kind_of_lut():
    peers = {peer["system"]: peer for peer in bench_plot.read_peers(bench.RESULTS / "peers.csv")}
    assert {peer["kind"] for peer in peers.values()} == {"LUT4", "LUT6"}
    assert peers["FINN LFC-max"]["images_per_second"] == 1.56e6
    assert peers["pocket-bnn"]["kind"] == "LUT4"
    assert peers["TreeLUT"]["images_per_second"] is None


def test_peers_of_unknown_luts_are_refused(tmp_path):
    path = tmp_path / "peers.csv"
    path.write_text("system,accuracy,images_per_second,luts,kind,mark,note\na,90,,5,LUT5,V,\n")
    with pytest.raises(ValueError, match=r"^Kind of LUT in .*peers\.csv, line 2, must be one of "
                       r"LUT4, LUT6: 'LUT5'$"):
        bench_plot.read_peers(path)


def test_the_picture_shows_rows_on_mnist_beside_the_peers(tmp_path, monkeypatch):
    drawn, named = [], []
    monkeypatch.setattr(bench_plot, "_point", lambda axes, *point: drawn.append(point))
    monkeypatch.setattr(bench_plot, "place", lambda axes, points, taken: named.extend(points))
    peers = [{"system": "P", "accuracy": 90.0, "images_per_second": None, "luts": 50.0,
              "kind": "LUT6"}]
    bench_plot.draw(tmp_path / "bench.png", [ROW, {**ROW, "dataset": "fashion-mnist"}], peers)
    assert (tmp_path / "bench.png").read_bytes().startswith(b"\x89PNG")
    assert [point[:3] for point in drawn] == [
        (50, 10, "x"), (3756, pytest.approx(4.509), "s"),
        (pytest.approx(4.509), 24e6 / 220, "s")]
    assert [name for _, _, name, _ in named] == ["P", "one", "one"]


def test_families_have_colours_and_a_legend(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(bench_plot.picture, "save", lambda figure, *_, **__: saved.append(figure))
    lookup = {**ROW, "preset": "two", "parts": {"tables": 1600, "votes": 600}}
    bench_plot.draw(tmp_path / "bench.png", [ROW, lookup], [])
    bench_plot.draw(tmp_path / "bench.png", [ROW], [])
    legends = [[text.get_text() for text in figure.axes[0].get_legend().get_texts()]
               for figure in saved]
    ours = ["Thresher, look-up networks, LUT4, all counted",
            "Thresher, threshold networks, LUT4, all counted"]
    assert [legend[:-2] for legend in legends] == [ours, ours[1:]]
    colours = {point[0]: point[5] for point in bench_plot.points([ROW, lookup], [])}
    assert colours["one"] != colours["two"]
