"""sw.studio: tables, arrays and pictures that somebody sends are what the commands read."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.recordings import TONES, dataset, wav
from tests.sw.jobs.test_job import until

from .server import serving


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("studio")) as server:
        yield server


def looked_at(studio, uploads):
    """Return the summary of a new project's data, after uploads: query and octets of each."""
    project = f"projects/{studio.post('projects', {'dataset': 'own'})[1]['name']}"
    for query, octets in uploads:
        status, _, answer = studio.ask("PUT", f"{project}/data?{query}", octets)
        assert status == 200, answer
    studio.post(f"{project}/jobs", {"kind": "data"})

    def ended():
        job = studio.get(project)["jobs"][-1]
        return None if job["state"] == "running" else job

    assert until(ended)["state"] == "done"
    return studio.get(project)


def table():
    rng = np.random.default_rng(1)
    rows = [f"{rng.integers(9)},{rng.integers(9)},{'xy'[index % 2]}" for index in range(40)]
    return "\n".join(["a,b,kind", *rows]).encode()


def arrays():
    rng = np.random.default_rng(1)
    buffer = io.BytesIO()
    np.savez(buffer, x_train=rng.integers(0, 256, (40, 6, 5), dtype=np.uint8),
             y_train=np.arange(40) % 2, x_test=np.zeros((4, 6, 5), np.uint8),
             y_test=np.arange(4) % 2)
    return buffer.getvalue()


def pictures():
    rng = np.random.default_rng(1)
    for index in range(40):
        buffer = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (6, 5), dtype=np.uint8)).save(
            buffer, ("PNG", "BMP", "GIF", "TIFF")[index % 4])
        yield f"class={'xy'[index % 2]}", buffer.getvalue()


@pytest.mark.parametrize(("uploads", "shape", "labels", "counts"), [
    ([("kind=csv", table())], [2], ["x", "y"], ([16, 16], [4, 4])),
    ([next(pictures()), ("kind=npz", arrays())], [6, 5], ["0", "1"], ([20, 20], [2, 2])),
    ([("kind=csv", table()), *pictures()], [6, 5], ["x", "y"], ([16, 16], [4, 4]))])
def test_what_came_last_is_the_dataset(studio, uploads, shape, labels, counts):
    found = looked_at(studio, uploads)
    about = found["data"]
    assert (about["shape"], about["labels"], (about["train"], about["test"])) == (
        shape, labels, counts)
    assert found["uploaded"] == ({"x": 20, "y": 20} if uploads[-1][0].startswith("class") else {})


def test_recordings_are_trained_with_and_answered(studio, tmp_path):
    folder = dataset(tmp_path / "words", each=12)
    files = [(f"class={path.parent.name}", path.read_bytes()) for path in folder.rglob("*.wav")]
    found = looked_at(studio, files)
    about, project = found["data"], f"projects/{found['name']}"
    assert (about["labels"], about["rate"], about["form"]) == (sorted(TONES), 8000, "recordings")
    status, _, answer = studio.ask("PUT", f"{project}/data?class=low", next(pictures())[1])
    assert (status, json.loads(answer)["error"]) == (
        400, "Examples must be all pictures or all recordings (start over)")
    loud = wav(np.zeros(44_100), rate=44_100)
    status, _, answer = studio.ask("PUT", f"{project}/data?class=low", loud)
    assert "8,000 to 16,000 samples a second: 44,100" in json.loads(answer)["error"]
    studio.post(project, {"network": {"hidden": [24]}, "seconds": 5})
    studio.post(f"{project}/jobs", {"kind": "train"})
    until(lambda: studio.get(project)["jobs"][-1]["state"] == "done", 300)
    for query, octets in files[:3]:
        status, _, octets = studio.ask("POST", f"{project}/answer", octets)
        answer = json.loads(octets)
        assert (status, f"class={answer['labels'][answer['label']]}") == (200, query)


def test_start_over_leaves_nothing(studio):
    project = f"projects/{studio.post('projects', {'dataset': 'own'})[1]['name']}"
    for query, octets in [*pictures()][:2]:
        studio.ask("PUT", f"{project}/data?{query}", octets)
    assert studio.get(project)["uploaded"] == {"x": 1, "y": 1}
    assert studio.ask("DELETE", f"{project}/data")[0] == 200
    assert studio.get(project)["uploaded"] == {}
