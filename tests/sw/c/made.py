"""C libraries of test networks, compiled with the options of a case and called from Python."""

import subprocess

from sw.c import check
from sw.c.batch import files
from sw.c.source import source


STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror")


def compiled(folder, network, options, flags, batch="auto"):
    """Compile a shared library whose identifiers begin with ``net``; return its path."""
    texts = files(source(network, "net", options, batch))
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    sources = [str(folder / name) for name in texts if name.endswith(".c")]
    library = folder / "libnet.so"
    done = subprocess.run(["cc", *STRICT, *flags, "-fPIC", "-shared", *sources, "-o", library],
                          capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return library


def assert_golden(library, network, images):
    """Assert that a library gives golden's scores, one image at a time and all at once."""
    for batch in (False, True):
        found = check.library_scores(library, "net", images, network.classes, batch=batch)
        check.compare(network, images, found)
