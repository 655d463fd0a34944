"""A browser that walks through the studio, and a serial port that the page can open in it."""

import shutil
from contextlib import contextmanager

from playwright.sync_api import sync_playwright

from sw.line.serialport import SerialPort


# A camera and a microphone that there need not be, and that are allowed.
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
STEPS = ("data", "board", "network", "train", "check", "build", "try", "take")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

# A navigator.serial whose only port is one of the test's: octets go through two functions.
SERIAL = """
class Port {
  async open({ baudRate }) {
    await serialOpen(baudRate);
    this.readable = this.stream();
    this.writable = new WritableStream({ write: (octets) => serialWrite([...octets]) });
  }
  stream() {
    let cancelled = false;
    return new ReadableStream({
      cancel: () => { cancelled = true; this.readable = this.stream(); },
      pull: async (controller) => {
        for (let octets = []; !cancelled; octets = await serialRead()) {
          if (octets.length) return controller.enqueue(Uint8Array.from(octets));
        }
      } }, { highWaterMark: 0 });
  }
  async close() { await serialClose(); }
}
Object.defineProperty(navigator, "serial", { value: { requestPort: async () => new Port() } });
"""


# Drops folders onto the page: {folder: {file: octets in Base64}}, read two files at a time.
DROP = """
(folders) => {
  const octets = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const below = (path) => ([name, content]) => typeof content === "string"
    ? { isFile: true, fullPath: path + name,
      file: (take) => take(new File([octets(content)], name)) }
    : { isFile: false, createReader: () => {
      const left = Object.entries(content).map(below(`${path}${name}/`));
      return { readEntries: (take) => take(left.splice(0, 2)) };
    } };
  const items = Object.entries(folders).map((one) => ({ webkitGetAsEntry: () => below("/")(one) }));
  const event = Object.assign(new Event("drop", { cancelable: true }), { dataTransfer: { items } });
  document.querySelector(".drop").dispatchEvent(event);
}
"""


# What the focused element is called.
FOCUSED = """
() => {
  const it = document.activeElement;
  return (it.getAttribute("aria-label") ?? it.labels?.[0]?.textContent ?? it.textContent).trim();
}
"""


@contextmanager
def browsing(**options):
    """Give a page of a browser without a window; what goes wrong in it is in ``page.wrong``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened(browser, **options)
        browser.close()


def opened(browser, **options):
    """Return a page of a browser that knows nothing of its other pages."""
    page = browser.new_context(**options).new_page()
    page.set_default_timeout(300_000)
    page.wrong, page.asked = [], []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.wrong.append(message.text))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def go(page, step):
    """Go to a step by the address, and wait until it is there."""
    base = page.url.split("#")[0] + "#/" + page.url.split("#/")[1].split("/")[0]
    page.goto(f"{base}/{step}")
    page.locator(f'nav a[aria-current="step"][href$="/{step}"]').wait_for()


def press(page, text, *keys):
    """Go with Tab to what begins with a text, and press Enter, or keys that are given, there."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED).startswith(text):
            break
    else:
        raise AssertionError(f"no Tab leads to {text!r}")
    for key in keys or ["Enter"]:
        page.keyboard.press(key)


def wire(page, path):
    """Let the page's Web Serial reach a serial port, before it is opened there."""
    ports = []

    def close():
        while ports:
            ports.pop().close()

    page.expose_function("serialOpen", lambda rate: ports.append(SerialPort(str(path), rate)))
    page.expose_function("serialWrite", lambda octets: ports[-1].write(bytes(octets)))
    page.expose_function("serialRead", lambda: list(ports[-1].read(0.02)) if ports else [])
    page.expose_function("serialClose", close)
    page.add_init_script(SERIAL)


def stroke(page, *points):
    """Draw a line through points of the pad, in parts of its side."""
    box = page.locator("canvas.pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
