"""sw.studio in a browser: views of projects that were prepared, so that nothing is trained."""

import json
import time
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sw import network as networks
from sw import untrained
from sw.artefact import artefact
from sw.conversion import Row
from sw.data import wav
from sw.data.known import KNOWN
from sw.studio import step
from sw.studio.project import Projects
from tests.recordings import wav as recording
from tests.sw.jobs.test_job import until

from .server import serving
from .walk import CHROMIUM, browsing, go, opened


pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

RATE = 16_000
COLUMNS = [["width", 0.5, 4.5], ["height", 0.0, 255.0]]
PCF = "# a board\nset_io -nowarn CLK 35\nset_io RX 6\nset_io TX 9\nset_io LEDR_N 11\n" \
      "set_io LED2 12\nset_frequency CLK 12\n"
LPF = """LOCATE COMP "clk_25mhz" SITE "G2"; FREQUENCY PORT "clk_25mhz" 25 MHZ;
LOCATE COMP "ftdi_rxd" SITE "L4"; # what the FPGA sends
LOCATE COMP "ftdi_txd" SITE "M1";"""


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studio")
    with serving(folder) as server:
        server.folder = folder
        yield server


@pytest.fixture(scope="module")
def page(studio):
    with browsing(viewport={"width": 1200, "height": 900}, locale="en") as page:
        page.goto(studio.address)
        yield page
        assert page.wrong == []


def prepared(studio, recipe, network, data):
    """Return a project whose only run has a network."""
    project = Projects(studio.folder).create("own", "icebreaker")
    project.change(network={"recipe": "tfc"}, run="run1")
    run = project.folder / "run1"
    run.mkdir()
    if isinstance(network, Path):
        project.network("run1").write_bytes(network.read_bytes())
    else:
        networks.save(project.network("run1"), network)
    for path, content in ((run / "run.json", {"network": recipe, "seconds": 10, "seed": 1}),
                          (run / "run1.json", {"recipe": recipe, "seed": 1, "history": [],
                                               "test_accuracy": 50.0, "confusion": None}),
                          (project.folder / "data.json", {
                              "labels": ["a", "b"], "train": [9, 9], "test": [2, 2],
                              "conversion": [], "guessed": [], "warnings": [], **data})):
        path.write_text(json.dumps(content))
    return project


def ended(project, kind, status, errors):
    """Write a job that has ended, as a runner would have left it."""
    folder = project.folder / "jobs" / f"{len(list(project.folder.glob('jobs/*'))) + 1:04}-{kind}"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text(json.dumps({
        "kind": kind, "run": "run1", "commands": step.commands(kind, project, "run1"),
        "network": networks.load(project.network("run1")).identity, "created": time.time()}))
    (folder / "errors").write_text(errors)
    (folder / "end.json").write_text(json.dumps({"status": status}))


@pytest.fixture(scope="module")
def table(studio):
    """Return a project of a table of two columns."""
    own = untrained.network({"hidden": [8]}, [2], 2)
    low, high = zip(*(bounds for _, *bounds in COLUMNS), strict=True)
    own = replace(own, conversion=Row(("width", "height"), low, high))
    return prepared(studio, {"hidden": [8]}, own, {"shape": [2], "columns": COLUMNS})


def visit(page, studio, project, step):
    page.goto(f"{studio.address}#/{project.name}/{step}")
    go(page, step)


def test_rows_of_numbers_are_tried_with_a_field_a_column(studio, page, table):
    visit(page, studio, table, "try")
    assert page.locator("canvas.pad").count() == page.get_by_text("Webcam").count() == 0
    assert page.locator("form input").evaluate_all("all => all.map((one) => one.value)") == [
        "2.5", "128"]
    page.locator("form input").nth(0).fill("4.5")
    page.locator("form input").nth(1).fill("0")
    page.click("text=Ask")
    page.locator("[data-by=golden] b").wait_for()
    status, _, octets = studio.ask("POST", f"projects/{table.name}/answer", b"[4.5, 0]")
    assert (status, json.loads(octets)["image"]) == (200, "/wA=")  # 255 and 0


def test_words_are_chosen(studio, page):
    own = untrained.network({"hidden": [8]}, [4], 2)
    own = replace(own, conversion=Row(("width", "colour"), (0, 0), (5, 255),
                                      categories=(None, ("blue", "green", "red"))))
    columns = [["width", 0, 5], ["colour", 0, 2, ["blue", "green", "red"]]]
    project = prepared(studio, {"hidden": [8]}, own, {"shape": [4], "columns": columns})
    visit(page, studio, project, "try")
    page.locator("form select").select_option("red")
    page.locator("form input").fill("5")
    with page.expect_response(lambda response: "/answer" in response.url) as answered:
        page.click("text=Ask")
    assert answered.value.json()["image"] == "/wAA/w=="  # 255, 0, 0, 255


def test_a_difference_is_shown_with_its_place(studio, page, table):
    ended(table, "simulate", 1, "error: 3 of 4 answers differ from golden, image 1 first\n")
    visit(page, studio, table, "check")
    page.locator(".verdict.wrong").wait_for()
    assert "differs" in page.inner_text(".verdict.wrong").lower()
    page.get_by_text("3 of 4 answers differ from golden, image 1 first").first.wait_for()


def test_a_failed_build_says_why_and_has_ways_out(studio, page, table):
    ended(table, "build", 2, "error: Schedule must fit\n")
    visit(page, studio, table, "build")
    page.locator("p.wrong").wait_for()
    assert page.inner_text("p.wrong") == "Schedule must fit"
    page.click("text=Choose a smaller network")
    page.locator("nav a[aria-current=step][href$='/network']").wait_for()
    page.locator(".onway >> text=Build").wait_for()
    page.locator(".sticky .big").wait_for()


def test_convolutions_are_not_compared_and_it_is_said_why(studio, page):
    recipe = {"layers": "conv 8, pool, scores"}
    project = prepared(studio, recipe, artefact("pocket"), {"shape": [28, 28]})
    visit(page, studio, project, "train")
    page.click("text=Compared with numbers of 32 and 8 bits")
    page.get_by_text("has convolutions, and look-up tables can be made of dense layers").wait_for()
    assert page.locator("details button").count() == 0


def test_three_sliders_move_along_what_was_measured(studio, page, table):
    table.change(network={"recipe": "tfc"})
    visit(page, studio, table, "network")
    page.locator(".sliders").wait_for()
    before = page.inner_text(".sliders output")
    page.locator("#accuracy").focus()
    page.keyboard.press("End")
    assert page.inner_text(".sliders output") != before
    assert "measured with mnist: 98.36 %" in page.inner_text(".sliders output")  # sfc
    assert page.locator("#lut4").input_value() == page.locator("#images_per_second").input_value()
    until(lambda: Projects(studio.folder).find(table.name).choices["network"] == {"recipe": "sfc"})


def test_two_tabs_show_one_choice(studio, page, table):
    visit(page, studio, table, "network")
    other = opened(page.context.browser, viewport={"width": 1200, "height": 900}, locale="en")
    visit(other, studio, table, "network")
    for one in (page, other):
        one.locator("[name=network]").first.wait_for()
    other.check("[name=network][value=tiny]")
    page.locator("[name=network][value=tiny]:checked").wait_for()
    assert other.wrong == []
    other.context.close()


@pytest.mark.parametrize(("name", "text", "fields"), [
    ("a.pcf", PCF, ["35", "12", "6", "9", "!11,12"]), ("a.lpf", LPF, ["G2", "25", "M1", "L4", ""])])
def test_pins_come_from_a_constraint_file(studio, page, table, name, text, fields):
    visit(page, studio, table, "board")
    page.reload()
    page.click("text=A board of my own")
    page.set_input_files("#constraints", {"name": name, "mimeType": "text/plain",
                                          "buffer": text.encode()})
    page.wait_for_function("() => document.querySelector('[name=clock_pin]').value")
    assert page.locator("form input[type=text]").evaluate_all(
        "all => all.map((one) => one.value)") == fields


def test_sounds_become_recordings_of_one_rate(studio, page):
    """Equal channels at the project's rate keep every sample; other rates are converted aloud."""
    page.goto(f"{studio.address}#/")
    page.click(".tile:last-child")
    page.locator(".drop").wait_for()
    samples = np.random.default_rng(1).integers(-32768, 32768, RATE).astype(np.int16)
    folder = Path(studio.folder.parent / "sounds" / "noise")
    folder.mkdir(parents=True)
    (folder / "1.wav").write_bytes(recording(samples, rate=RATE))
    for name, channels, rate, content in (("2.wav", 2, RATE, np.repeat(samples, 2)),
                                          ("3.wav", 1, 44_100, np.zeros(44_100, "<i2"))):
        with wave.open(str(folder / name), "wb") as file:
            file.setparams((channels, 2, rate, 0, "NONE", ""))
            file.writeframes(content.tobytes())
    (folder / "4.wav").write_bytes(b"RIFF")
    page.set_input_files("input[name=folder]", folder.parent)
    said = page.locator(".card > [role=status]")
    page.get_by_text("4 of 4 files sent").wait_for()
    assert "made 2 sounds one channel of 16,000 samples a second: 2.wav, 3.wav" in said.inner_text()
    assert "Not taken: 4.wav" in said.inner_text()
    data = studio.folder / page.url.split("#/")[1].split("/")[0] / "data"
    files = sorted(data.glob("*.wav"))
    assert [file.name for file in files] == ["000001.wav", "000002.wav", "000003.wav"]
    for file in files[:2]:
        assert (wav.decode(file, RATE) == samples).all()
    assert abs(len(wav.decode(files[2], RATE)) - RATE) <= 1


def test_a_project_that_was_removed_elsewhere_is_left(studio, page):
    project = Projects(studio.folder).create("own", "icebreaker")
    visit(page, studio, project, "data")
    assert studio.ask("DELETE", f"projects/{project.name}")[0] == 200
    page.locator(".tiles").wait_for()
    page.wrong[:] = [text for text in page.wrong if "404" not in text]


def test_every_dataset_is_explained_in_both_languages(studio, page):
    page.goto(f"{studio.address}#/")
    for _ in range(2):
        page.locator(".tile small").nth(len(KNOWN)).wait_for()
        texts = page.locator(".tile small").all_inner_texts()
        assert len(texts) == len(KNOWN) + 1
        assert not any(text.startswith("about-") for text in texts)
        page.click("header button")
