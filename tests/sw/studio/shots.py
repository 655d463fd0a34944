"""Makes the pictures of docs/studio.md: MNIST on an iCEBreaker, with the defaults.

``python -m tests.sw.studio.shots`` starts a studio, clicks through it as a newcomer would, and says
how long each part took. A project that is there already is shown without being made again.
"""

import argparse
import json
import os
import time
from pathlib import Path

from sw.progress import progress

from .server import serving
from .walk import STEPS, browsing, go, stroke


FOLDER = Path("build/studio-shots")
PICTURES = Path("docs/studio")
SEVEN = ((0.3, 0.25), (0.7, 0.25), (0.45, 0.8))


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.sw.studio.shots", description=__doc__)
    parser.add_argument("--output", type=Path, default=PICTURES, metavar="DIR")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()

    def say(what):
        print(f"{time.monotonic() - start:7.1f} s  {what}", flush=True)

    with (serving(FOLDER) as server,
          browsing(viewport={"width": 1200, "height": 760}, locale="en") as page,
          progress(total=len(STEPS) + 1, what="pictures", unit="views") as bar):
        page.set_default_timeout(1_200_000)
        page.goto(server.address)
        page.locator(".tile").first.wait_for()

        def shoot(name):
            page.wait_for_timeout(500)
            page.screenshot(path=args.output / f"{name}.png", full_page=True)
            bar.update()

        paint = page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]"
                              ".startTime")
        say(f"first contentful paint after {paint:.0f} ms")
        shoot("home")
        made = [one["name"] for one in server.get("projects")["projects"]]
        if made:
            page.goto(f"{server.address}#/{made[0]}/data")
        else:
            page.click("text=mnist >> nth=0")  # the first click
            page.locator("table.classes").wait_for()
            say("data")
            page.click("text=All the way with the defaults")  # the second
            page.locator("table.confusion").wait_for()
            say("trained")
            go(page, "build")
            page.locator("section.card .big").wait_for()
            say("bitstream")
        go(page, "try")
        start_button = page.locator("text=Start the virtual board")
        if made and start_button.count():
            start_button.click()
        stroke(page, *SEVEN)
        page.locator("[data-by=virtual] b").wait_for()
        say("answer of the virtual board")
        for answer in page.locator(".answer").all_inner_texts():
            say(answer.replace("\n", " "))
        shoot("try")
        for step, ready in (("data", "table.classes"), ("board", ".cards"),
                            ("network", ".sticky .big"), ("train", "table.confusion"),
                            ("check", ".verdict.equal >> nth=1"), ("build", "section.card .big"),
                            ("take", "table")):
            go(page, step)
            page.locator(ready).first.wait_for()
            if step == "board":
                page.click("text=A board of my own")
            if step == "train":
                compare(page)
            shoot(step)
        page.set_viewport_size({"width": 360, "height": 760})
        go(page, "try")
        stroke(page, *SEVEN)
        page.locator("[data-by=virtual] b").wait_for()
        page.screenshot(path=args.output / "narrow.png")
        page.set_viewport_size({"width": 1200, "height": 760})
        page.click("header button")
        go(page, "network")
        page.locator(".sticky .big").wait_for()
        page.screenshot(path=args.output / "japanese.png", full_page=True)
        page.click("header button")
        go(page, "try")
        page.get_by_text("Stop", exact=True).click()
        page.locator("text=Start the virtual board").wait_for()
        costs(server.get("projects")["projects"][0]["name"])
        if page.wrong:
            raise SystemExit(f"error: the page complains: {page.wrong}")


def compare(page):
    """Compare the run with a float network, which takes a few minutes the first time."""
    page.locator("details.card summary").first.click()
    page.wait_for_timeout(1000)
    if not page.get_by_text("Calibration: ranges on").count():
        page.locator("details.card button >> text=Compare").click()
        page.get_by_text("Calibration: ranges on").wait_for()


def costs(project):
    """Print what each job of a project took: processor time and wall time."""
    for folder in sorted((FOLDER / project / "jobs").iterdir()):
        about, end = folder / "job.json", folder / "end.json"
        used = json.loads(end.read_text()).get("cpu_seconds") if end.exists() else 0
        wall = end.stat().st_mtime - about.stat().st_mtime if end.exists() else 0
        print(f"{folder.name:<16} {used:7.1f} s of processor time {wall:7.1f} s of wall time")
    print(f"load average {os.getloadavg()}")


if __name__ == "__main__":
    main()
