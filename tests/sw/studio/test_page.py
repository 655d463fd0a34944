"""sw.studio in a browser: the whole way from a folder of pictures to answers of a board."""

import base64
import io
import re
import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from sw.data import wav
from sw.data.summary import SAMPLES
from sw.jobs.job import Jobs
from tests.sw.jobs.test_job import until

from .server import serving
from .walk import CHROMIUM, DROP, STEPS, browsing, go, opened, press, stroke, wire


pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

SIDE = 12
CLASSES = ("bar", "ring", "cross")
EACH = 40
PART = {"clock_pin": "35", "clock_mhz": "12", "rx_pin": "6", "tx_pin": "9", "leds": "!41"}


def pictures(folder):
    """Write pictures of three classes, a folder each, with noise, at places that differ."""
    rng = np.random.default_rng(1)
    for place, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            shape = np.zeros((SIDE, SIDE), np.uint8)
            if place == 0:
                shape[5:7, 1:11] = 255
            elif place == 1:
                shape[3:9, 3:9] = 255
                shape[5:7, 5:7] = 0
            else:
                shape[range(1, 11), range(1, 11)] = shape[range(1, 11), range(10, 0, -1)] = 255
            shape = np.roll(shape, rng.integers(-1, 2, 2), (0, 1))
            noisy = np.clip(shape + rng.integers(0, 40, shape.shape), 0, 255).astype(np.uint8)
            Image.fromarray(noisy).save(folder / name / f"{number}.png")
    (folder / CLASSES[0] / "notes.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("studio")) as server:
        server.folder = tmp_path_factory.getbasetemp()
        yield server


def faults(page):
    """Return what axe-core finds serious, as text."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found
            if one["impact"] in ("serious", "critical") for node in one["nodes"]]


def check_view(page, name):
    """Check a view: nothing wrong, usable by everybody, no scrolling sideways on any screen."""
    assert faults(page) == [], name
    for width in (360, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= width, f"{name} at {width}"
    page.set_viewport_size({"width": 1200, "height": 900})


def following(page, *steps):
    """Go through the steps that follow, by keyboard."""
    for step in steps:
        press(page, "Next: ")
        page.locator(f'nav a[aria-current="step"][href$="/{step}"]').wait_for()


@pytest.fixture(scope="module")
def trained(studio, tmp_path_factory):
    """Return the page after a network was trained on a folder and all else begun, by keyboard."""
    source = pictures(tmp_path_factory.mktemp("shapes"))
    with browsing(viewport={"width": 1200, "height": 900}, locale="en") as page:
        page.server = studio
        page.port = tmp_path_factory.mktemp("line") / "serial"
        wire(page, page.port)
        page.goto(studio.address)
        press(page, "My own data")
        with page.expect_file_chooser() as chooser:
            press(page, "Choose a folder")
        chooser.value.set_files(source)
        page.get_by_text(f"{3 * EACH + 1} of {3 * EACH + 1} files sent").wait_for()
        for place in ("#said", ".card > [role=status]"):
            assert "notes.png (File must be a picture" in page.inner_text(place)
        assert page.wrong == ["Failed to load resource: the server responded with a status of "
                              "400 (Bad Request)"]
        page.wrong.clear()
        press(page, "Look at the data")
        page.locator("table.classes tbody tr").nth(2).wait_for()
        page.project = page.url.split("#/")[1].split("/")[0]
        following(page, "board", "network")
        page.locator(".sticky .big").wait_for()
        press(page, "Layer by layer")
        press(page, "Remove the last layer")
        press(page, "Neurons of layer 1", "Control+A", "1", "2")
        press(page, "Speed", "Home", "ArrowDown")
        press(page, "Train for", "Home")
        page.locator(".sticky b >> text=12").wait_for()
        until(lambda: {"rate": 1000, "seconds": 10, "network": {"hidden": [12]}}.items()
              <= studio.get(f"projects/{page.project}")["choices"].items())
        following(page, "train")
        press(page, "Train")
        page.locator("table.confusion").wait_for()
        press(page, "Compared with numbers of 32 and 8 bits")
        for button, kinds, then in (("Compare", ["compress"], "check"),
                                    ("Compare", ["evaluate", "simulate"], "build"),
                                    ("Build the bitstream", ["build"], "try")):
            for kind in kinds:  # they work side by side, while the first tests look at the page
                press(page, button)
                until(lambda wanted=kind: wanted in [
                    job["kind"] for job in studio.get(f"projects/{page.project}")["jobs"]])
            following(page, then)
        yield page
        jobs = Jobs(next(studio.folder.glob(f"**/{page.project}/jobs")))
        for job in jobs.all():
            job.stop()
        assert page.wrong == []


def test_a_dropped_folder_is_what_was_dropped(trained):
    about = trained.server.get(f"projects/{trained.project}")["data"]
    assert (about["labels"], about["train"], about["test"], about["shape"]) == (
        sorted(CLASSES), [32] * 3, [8] * 3, [SIDE, SIDE])


def test_a_cell_of_the_confusion_matrix_shows_its_images(trained):
    go(trained, "train")
    rows = trained.locator("table.confusion tbody tr")
    cells = rows.evaluate_all("all => all.map((row) => row.querySelectorAll(':scope > td').length)")
    assert cells == [3, 3, 3]
    trained.locator("table.confusion td.right button").first.click()
    image = trained.locator("dialog img")
    image.evaluate("image => image.decode()")
    count = int(re.search(r"(\d+) test images", trained.inner_text("dialog h2"))[1])
    assert image.evaluate("image => image.naturalWidth") == SIDE * count
    trained.click("dialog button")


def test_golden_rtl_bitstream_and_boards_answer_alike(trained, studio):
    go(trained, "check")
    trained.locator(".verdict.equal").nth(1).wait_for()
    assert "All 24 images" in trained.locator(".verdict.equal").nth(1).inner_text()
    go(trained, "build")
    trained.locator("section.card .big").wait_for()
    assert "images/s" in trained.inner_text("section.card .big")
    go(trained, "try")
    press(trained, "Start the virtual board")
    press(trained, "A test example")
    trained.locator("[data-by=virtual] b").wait_for()
    assert "All agree" in trained.inner_text(".verdict")
    folder = next(studio.folder.glob(f"**/{trained.project}"))
    with subprocess.Popen(  # a second one, for the browser's own port
            [sys.executable, "-m", "sim.virtual", "icebreaker", folder / "run1/run1.net.npz",
             "--port", trained.port, "--output", folder / "made"], stdout=subprocess.PIPE) as board:
        try:
            board.stdout.readline()
            trained.click("text=Connect from the browser")
            trained.locator("[data-by=webSerialBoard] b").wait_for()
            stroke(trained, (0.2, 0.5), (0.8, 0.5))
            trained.locator("[data-by=webSerialBoard] b").wait_for()
            answers = trained.locator(".answer b").all_inner_texts()
            assert len(answers) == 3
            assert len(set(answers)) == 1
            assert "All agree" in trained.inner_text(".verdict")
        finally:
            board.send_signal(signal.SIGINT)
    assert trained.locator(".inside img").count() == 3
    assert trained.locator("[data-by=virtual]").count() == 1


def test_a_verdict_is_of_the_board_that_is_chosen(trained):
    go(trained, "board")
    trained.click("text=A board of my own")
    for name, text in PART.items():
        trained.fill(f"[name={name}]", text)
    trained.select_option("[name=device]", "iCE40UP5K")
    trained.select_option("[name=package]", "SG48")
    trained.click("form button")
    trained.get_by_text("Chosen: ice40up5k-sg48").wait_for()
    assert trained.locator("[name=board]:checked").count() == 0
    check_view(trained, "board")
    go(trained, "check")
    trained.get_by_text("Not compared yet.").wait_for()
    assert trained.locator(".verdict.equal").count() == 1  # that of the golden model
    assert "of another network, board or speed" in trained.inner_text("main")
    go(trained, "build")
    trained.locator("text=Build the bitstream").wait_for()
    assert trained.locator("section.card .big").count() == 0
    go(trained, "network")
    trained.locator(".sticky .big").wait_for()
    go(trained, "board")
    trained.click("text=icebreaker >> nth=0")
    trained.get_by_text("Chosen: icebreaker").wait_for()
    go(trained, "check")
    trained.locator(".verdict.equal").nth(1).wait_for()


def test_errors_of_the_latest_epoch_are_shown_by_class(trained):
    go(trained, "train")
    trained.locator("text=/Errors of epoch \\d+ on validation images/").wait_for()
    trained.wait_for_function("""([width, height]) => {
      const is = (cell) => cell.textContent === "–" ||
        cell.firstChild?.width === width && cell.firstChild.height === height;
      return [...document.querySelectorAll("td")].filter(is).length === 3;
    }""", arg=[SAMPLES * SIDE, SIDE])


def test_a_float_network_is_compared_with_8_bits_bits_and_tables(trained):
    go(trained, "train")
    trained.click("text=Compared with numbers of 32 and 8 bits")
    trained.get_by_text("Calibration: ranges on").wait_for()
    rows = trained.locator("details.card table >> nth=0").locator("tbody tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows] == [
        "float, 32 bits", "integers, 8 bits", "bits", "look-up tables"]
    assert rows[0].endswith("1 ×")
    check_view(trained, "train")


def test_every_view_is_for_everybody_and_on_every_screen(trained):
    for step in STEPS:
        go(trained, step)
        trained.wait_for_timeout(200)
        if step == "board":
            trained.locator(".cards").first.wait_for()
        check_view(trained, step)
    trained.goto(trained.url.split("#")[0] + "#/")
    trained.locator(".projects a").first.wait_for()
    check_view(trained, "home")
    trained.click("header button")
    assert trained.locator("html").get_attribute("lang") == "ja"
    assert trained.inner_text("h1") == "画像から動くチップまで"
    trained.click("header button")
    trained.goto(f"{trained.url.split('#')[0]}#/{trained.project}/data")


def test_reload_and_address_lose_nothing(trained):
    go(trained, "train")
    trained.reload()
    trained.locator("table.confusion").wait_for()
    assert trained.url.endswith(f"#/{trained.project}/train")
    assert trained.title().startswith("Train · ")


def test_the_keyboard_is_enough(trained):
    go(trained, "try")
    pad = trained.locator("canvas.pad")
    pad.focus()
    for key in (" ", "ArrowRight", "ArrowRight", "ArrowRight"):
        trained.keyboard.press(key)
    trained.locator("[data-by=golden] b").wait_for()
    trained.keyboard.press("Escape")
    reached = set()
    for _ in range(40):
        trained.keyboard.press("Tab")
        reached.add(trained.evaluate("() => document.activeElement.textContent.trim()"))
    assert {"A test example", "Clear", "Webcam", "Next: Take away"} <= reached


def test_golden_answers_while_somebody_draws(studio, trained):
    """The server answers a picture of the pad's size in 50 ms, median, on an idle machine."""
    octets, times = io.BytesIO(), []
    Image.new("RGBA", (280, 280)).save(octets, "PNG")
    for _ in range(9):
        start = time.monotonic()
        status, _, _ = studio.ask("POST", f"projects/{trained.project}/answer", octets.getvalue())
        times.append(time.monotonic() - start)
        assert status == 200
    assert sorted(times)[4] < 0.5  # of a machine that does much else


def test_what_was_made_can_be_taken_away(trained):
    go(trained, "take")
    for name in ("Verilog core", "QONNX model"):
        trained.click(f'[aria-label="Make: {name}"]')
        with trained.expect_download() as found:
            trained.click(f'[aria-label="Download: {name}"]')
        assert found.value.path().stat().st_size > 1000
    commands = trained.locator("h2 + pre").text_content().splitlines()
    assert commands[0].startswith("python -m sw.data ")
    assert any(line.startswith("python -m train.bnn_mnist ") for line in commands)


def test_dropped_folders_a_camera_and_a_microphone_bring_examples(studio, trained, tmp_path):
    source = pictures(tmp_path / "shapes")
    folders = {name: {f"{number}.png": base64.b64encode(
        (source / name / f"{number}.png").read_bytes()).decode() for number in range(5)}
        for name in CLASSES}

    def uploaded(wanted):
        project = page.url.split("#/")[1].split("/")[0]
        until(lambda: studio.get(f"projects/{project}")["uploaded"] == wanted)
        return project

    page = opened(trained.context.browser, viewport={"width": 1200, "height": 900}, locale="en")
    page.goto(studio.address)
    page.click(".tile:last-child")
    page.locator(".drop").wait_for()
    page.evaluate(DROP, {"shapes": {**folders, ".hidden": "AAAA"}})
    page.get_by_text("15 of 15 files sent").wait_for()
    uploaded(dict.fromkeys(CLASSES, 5))
    page.click("text=Add examples class by class")
    page.fill("#label", "me")
    page.click("text=Webcam")
    page.wait_for_function("() => document.querySelector('video').videoWidth > 0")
    page.click("text=Add a photo")
    stroke(page, (0.2, 0.5), (0.8, 0.5))
    page.click("text=Add the drawing")
    project = uploaded({**dict.fromkeys(CLASSES, 5), "me": 2})
    photo = np.asarray(Image.open(next(studio.folder.glob(f"**/{project}/data/000016.png"))))
    assert photo.shape == (280, 280, 4)
    assert photo[..., :3].std() > 10  # a picture of the test, not a black one
    page.click("text=Start over")
    uploaded({})
    page.click("text=Record a word")
    uploaded({"me": 1})
    samples = wav.decode(next(studio.folder.glob(f"**/{project}/data/000001.wav")), 16_000)
    assert 0.8 < len(samples) / 16_000 < 3
    assert abs(samples).max() > 1000  # the test's microphone beeps
    assert page.wrong == []
    page.context.close()


def test_no_other_host_was_asked(trained):
    hosts = {urlsplit(url).netloc for url in trained.asked if url.startswith(("http", "ws"))}
    assert hosts == {trained.server.host}
