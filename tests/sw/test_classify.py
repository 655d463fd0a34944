"""sw.classify: users' files of every form, answered as training would have treated them."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sw import classify, command, golden, network
from sw.conversion import Picture, Row
from sw.data.convert import Converter
from sw.data.images import decode

from ..networks import random_network


NAMES = ("cat", "dog", "ox")
PIXELS = np.random.default_rng(5).integers(0, 256, (24, 4, 6), dtype=np.uint8)


def made(conversion, shape=(4, 6), labels=NAMES, **others):
    """Return a network with random weights and a conversion."""
    inputs = int(np.prod(shape))
    net = random_network(np.random.default_rng(1), [inputs, 16, len(labels)], labels=labels,
                         input_shape=shape)
    return replace(net, conversion=conversion, **others)


def saved(folder, net):
    network.save(folder / "it.net.npz", net)
    return folder / "it.net.npz"


def labels_of(net, examples):
    """Return golden's labels of raw examples."""
    images = Converter(net.conversion, net.input_shape).all(examples)
    return golden.Model(net).labels(images)


def pictures(folder, net, pixels=PIXELS, ending="png"):
    """Write pictures into a folder a class, that of golden's label: all answers are right then."""
    for place, (picture, label) in enumerate(zip(pixels, labels_of(net, pixels), strict=True)):
        path = folder / net.labels[label] / f"{place:03}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return folder


def call(*argv):
    """Run the command line as a shell would; return its exit code."""
    with pytest.raises(SystemExit) as exit_:
        command.run(classify.main, [str(arg) for arg in argv])
    return exit_.value.code


def answered(capsys, *argv):
    """Return the rows of ``--csv -``, as dicts."""
    capsys.readouterr()
    assert call(*argv, "--csv", "-") == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


CONVERSIONS = [Picture((4, 6)), Picture((4, 6), invert=True), Picture((6, 4), transpose=True),
               Picture((4, 6), fit="drawing", invert=None), Picture((4, 4), fit="photo"),
               Picture((2, 3), low=20.0, high=90.0), Picture((4, 6), colours=3)]


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_pictures_are_converted_as_the_network_says(tmp_path, capsys, conversion):
    shape = conversion.size if conversion.colours == 1 else (*conversion.size, 3)
    net = made(conversion, shape)
    path = saved(tmp_path, net)
    folder = pictures(tmp_path / "all", net)
    assert call(path, folder) == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "accuracy 100.00 %: 24 of 24 whose class is known by its folder")


# A row of a table has the pixels of the network's size.
FORMS = [(form, conversion) for conversion in CONVERSIONS
         for form in ("npz", "npy", "idx", "csv", "picture")
         if form != "csv" or conversion.inputs == 24]


@pytest.mark.parametrize(("form", "conversion"), FORMS)
def test_all_forms_of_a_file_give_the_same_answers(tmp_path, capsys, conversion, form):
    shape = conversion.size if conversion.colours == 1 else (*conversion.size, 3)
    net = made(conversion, shape)
    path, expected = saved(tmp_path, net), labels_of(net, PIXELS)
    file = tmp_path / f"a.{form}"
    if form == "npz":
        np.savez(file, x_test=PIXELS)
    elif form == "npy":
        np.save(file, PIXELS)
    elif form == "idx":
        header = b"\0\0\x08\x03" + np.array(PIXELS.shape, ">u4").tobytes()
        file.write_bytes(header + PIXELS.tobytes())
    elif form == "csv":
        np.savetxt(file, PIXELS.reshape(24, -1), fmt="%d", delimiter=",")
    else:
        Image.fromarray(PIXELS[0]).save(tmp_path / "a.png")
        file, expected = tmp_path / "a.png", expected[:1]
    rows = answered(capsys, path, file)
    assert [row["label"] for row in rows] == [NAMES[label] for label in expected]


def test_a_light_drawing_is_not_inverted_unless_training_did(tmp_path, capsys):
    """A network that was trained on dark ink, as it is, once got every picture inverted."""
    light = 255 - np.pad(PIXELS[:, 1:3, 1:5], ((0, 0), (1, 1), (1, 1)))
    net = made(Picture((4, 6)))
    path = saved(tmp_path, net)
    assert call(path, pictures(tmp_path / "L", net, light) / NAMES[0]) == 0
    assert re.fullmatch(r"accuracy 100\.00 %: (\d+) of \1 whose class is known by its folder",
                        capsys.readouterr().out.splitlines()[-1])


def test_options_override_the_conversion(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path = saved(tmp_path, net)
    Image.fromarray(PIXELS[0]).save(tmp_path / "a.png")
    other = replace(net, conversion=Picture((4, 6), invert=True))
    row, = answered(capsys, path, tmp_path / "a.png", "--invert")
    assert row["label"] == NAMES[labels_of(other, PIXELS[:1])[0]]


def test_a_table_is_matched_by_name_and_scaled_as_in_training(tmp_path, capsys):
    net = made(Row(columns=("a", "b", "c"), low=(0.0, -1.0, 5.0), high=(1.0, 1.0, 9.0)), (3,))
    values = np.random.default_rng(2).uniform((0, -1, 5), (1, 1, 9), (20, 3))
    expected = [NAMES[label] for label in labels_of(net, values)]
    path, file = saved(tmp_path, net), tmp_path / "new.csv"
    lines = [f"{c},{label},{a},{b}" for (a, b, c), label in zip(values, expected, strict=True)]
    file.write_text("\n".join(["c,label,a,b", *lines]))
    assert call(path, file, "--csv", tmp_path / "o.csv") == 0
    assert capsys.readouterr().out.splitlines()[-2] == (
        "accuracy 100.00 %: 20 of 20 whose class is known by its class column")
    with open(tmp_path / "o.csv") as output:
        assert [row["label"] for row in csv.DictReader(output)] == expected


def test_a_network_without_stored_conversion_scales_columns_by_name(tmp_path, capsys):
    net = made(Row(scaled=(("b", -1.0, 1.0), ("c", 5.0, 9.0))), (3,))
    net = replace(net, provenance={"scaled": {"b": {"low": -1, "high": 1},
                                              "c": {"low": 5, "high": 9}}})
    path, file = saved(tmp_path, net), tmp_path / "new.csv"
    assert network.load(path).conversion == net.conversion
    values = np.random.default_rng(2).uniform((0, -1, 5), (255, 1, 9), (20, 3)).round(3)
    stored = replace(net, conversion=Row(low=(0, -1, 5), high=(255, 1, 9)))
    expected = [NAMES[label] for label in labels_of(stored, values)]
    lines = [f"{a},{label},{b},{c}" for (a, b, c), label in zip(values, expected, strict=True)]
    file.write_text("\n".join(["a,label,b,c", *lines]))
    assert [row["label"] for row in answered(capsys, path, file)] == expected
    np.save(tmp_path / "a.npy", values)
    assert call(path, tmp_path / "a.npy") == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/a.npy must be a table with names of columns, because the network "
        f"scales columns by their names (b, c)\n")


@pytest.mark.parametrize(("shape", "conversion"), [
    ((24,), Row()), ((1, 4, 6), Row()), ((1, 4, 6), None), ((24,), Picture((4, 6)))])
def test_a_picture_is_taken_by_a_network_of_flat_pixels(tmp_path, capsys, shape, conversion):
    net = made(conversion, shape)
    path = saved(tmp_path, net)
    Image.fromarray(PIXELS[0]).save(tmp_path / "a.png")
    row, = answered(capsys, path, tmp_path / "a.png")
    image = PIXELS[:1].reshape(1, *shape)
    assert row["label"] == NAMES[golden.Model(net).labels(image)[0]]


def test_colours_go_to_a_network_with_colours_first(tmp_path, capsys):
    net = made(Row(), (3, 4, 6))
    path = saved(tmp_path, net)
    colours = np.random.default_rng(8).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "a.png")
    row, = answered(capsys, path, tmp_path / "a.png")
    image = np.ascontiguousarray(np.moveaxis(colours, 2, 0))[None]
    assert row["label"] == NAMES[golden.Model(net).labels(image)[0]]


def test_a_guess_about_pictures_is_said(tmp_path, capsys):
    path = saved(tmp_path, made(Row(), (24,)))
    Image.fromarray(PIXELS[0]).save(tmp_path / "a.png")
    assert call(path, tmp_path / "a.png") == 0
    assert capsys.readouterr().err == (
        "the network takes numbers and does not say how pictures become them: the 24 pixels are "
        "taken as they are, row by row (--size ROWSxCOLUMNS with --drawing, --photo, --invert or "
        "--transpose: otherwise)\n")


def test_a_picture_of_another_size_needs_a_size(tmp_path, capsys):
    path = saved(tmp_path, made(Row(), (24,)))
    file = tmp_path / "a.png"
    Image.fromarray(np.zeros((9, 7), np.uint8)).save(file)
    assert call(path, file) == 2
    assert capsys.readouterr().err == (
        f"error: {file} must have one pixel for each of the network's 24 inputs: it has 9 x 7 "
        f"pixels (--size ROWSxCOLUMNS says how pictures become numbers)\n")
    assert call(path, file, "--size", "4x6") == 0


def test_files_that_cannot_be_read_are_named(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path, folder = saved(tmp_path, net), pictures(tmp_path / "all", net)
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / ".hidden.png").write_bytes(b"no picture")
    assert call(path, folder) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[-1].startswith("accuracy 100.00 %: 24 of 24 ")
    assert err == (f"not read: {folder}/broken.png must be an intact picture (PNG, JPEG, ...): its "
                   f"content is no format that Pillow reads\n")
    assert call(path, folder / "broken.png") == 2


def test_classes_that_the_network_lacks_are_listed(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path, folder = saved(tmp_path, net), pictures(tmp_path / "all", net)
    count = len(list((folder / "dog").iterdir()))
    os.rename(folder / "dog", folder / "dogs")
    assert call(path, folder) == 0
    out, err = capsys.readouterr()
    assert f"accuracy 100.00 %: {24 - count} of {24 - count} whose class" in out
    assert err == (f"the network has no 'dogs': {count} examples of this class are not counted "
                   f"(give a file with lines such as dogs,dog by --map)\n")
    (tmp_path / "map.csv").write_text("dogs,dog\n")
    assert call(path, folder, "--map", tmp_path / "map.csv") == 0
    out, err = capsys.readouterr()
    assert "accuracy 100.00 %: 24 of 24 whose class" in out
    assert err == ""


def test_numbers_of_classes_are_named_by_a_file(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path = saved(tmp_path, net)
    np.savez(tmp_path / "a.npz", x_test=PIXELS, y_test=labels_of(net, PIXELS) + 1)
    assert call(path, tmp_path / "a.npz") == 0
    assert "the network has no '1', '2', '3': 24 examples" in capsys.readouterr().err
    (tmp_path / "names.txt").write_text("1 cat\n2 dog\n3 ox\n")
    assert call(path, tmp_path / "a.npz", "--classes", tmp_path / "names.txt") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        "accuracy 100.00 %: 24 of 24 whose class is known by its file's labels")


def test_the_best_classes_are_shown_with_their_scores(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path = saved(tmp_path, net)
    np.save(tmp_path / "a.npy", PIXELS[:1])
    scores = golden.Model(net).scores(PIXELS[:1])[0]
    order = np.argsort(-scores, kind="stable")
    assert call(path, tmp_path / "a.npy", "--top", 2) == 0
    head, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["file", "label", "margin", "best", "classes", "and", "scores"]
    best = ", ".join(f"{NAMES[place]} {scores[place]}" for place in order[:2])
    assert line.split(maxsplit=3)[1:] == [NAMES[order[0]], str(scores[order[0]] - scores[order[1]]),
                                          best]


def test_json_on_standard_output_is_nothing_else(tmp_path, capsys):
    net = made(Picture((4, 6)))
    path, folder = saved(tmp_path, net), pictures(tmp_path / "all", net)
    assert call(path, folder, "--json", "-") == 0
    out, err = capsys.readouterr()
    content = json.loads(out)
    assert (content["network"], content["classes"]) == (net.identity, list(NAMES))
    assert (content["accuracy"], content["correct"], len(content["examples"])) == (100.0, 24, 24)
    first = content["examples"][0]
    assert (first["label"], first["class"]) == (NAMES[0], NAMES[0])
    assert len(first["scores"]) == 3
    assert err.splitlines()[0].split() == ["file", "label", "class", "margin", *NAMES]


@pytest.mark.parametrize("output", ["--csv", "--json"])
def test_names_of_files_that_are_no_text_are_written(tmp_path, capsys, output):
    path = saved(tmp_path, made(Picture((4, 6))))
    name = os.fsdecode(os.fsencode(tmp_path) + b"/b\xe4d.png")
    Image.fromarray(PIXELS[0]).save(name)
    assert call(path, name, output, tmp_path / "answers") == 0
    assert f"{tmp_path}/b\\udce4d.png" in (tmp_path / "answers").read_text(encoding="utf-8")


def test_two_outputs_cannot_share_a_place(tmp_path, capsys):
    path = saved(tmp_path, made(Picture((4, 6))))
    assert call(path, tmp_path, "--json", "-", "--csv", "-") == 2
    assert capsys.readouterr().err == "error: --csv and --json must go to different places: -\n"


@pytest.mark.parametrize("form", ["png", "npy", "csv"])
def test_standard_input_is_known_by_its_content(tmp_path, form):
    net = made(Picture((4, 6)))
    path, file = saved(tmp_path, net), tmp_path / f"a.{form}"
    if form == "png":
        Image.fromarray(PIXELS[0]).save(file)
    elif form == "npy":
        np.save(file, PIXELS[0])
    else:
        np.savetxt(file, PIXELS[:1].reshape(1, -1), fmt="%d", delimiter=";")
    done = subprocess.run([sys.executable, "-m", "sw.classify", path, "-"], check=True,
                          capture_output=True, input=file.read_bytes())
    line = done.stdout.decode().splitlines()[1]
    assert line.startswith("standard input")
    assert NAMES[labels_of(net, PIXELS[:1])[0]] in line.split()


def test_errors_of_standard_input_name_it(tmp_path):
    path = saved(tmp_path, made(Picture((4, 6))))
    done = subprocess.run([sys.executable, "-m", "sw.classify", path, "-"], check=False,
                          capture_output=True, input=b"\x93NUMPY damaged")
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: standard input must be ")


def test_ways_out_of_standard_input_name_no_temporary_file(tmp_path):
    path = saved(tmp_path, made(Picture((4, 6))))
    done = subprocess.run([sys.executable, "-m", "sw.classify", path, "-"], check=False,
                          capture_output=True, input=b"\x89HDF\r\n\x1a\n" + bytes(99))
    assert done.returncode == 2
    assert done.stderr.decode() == (
        'error: standard input must be a picture, a recording, a table or arrays: it is an HDF5 '
        'file (save its arrays with h5py and NumPy: file = h5py.File("standard input"); '
        'numpy.savez("data.npz", x=file[…][:], y=file[…][:]))\n')


def test_show_writes_what_the_network_saw(tmp_path, capsys):
    net = made(Picture((4, 6), invert=True))
    path = saved(tmp_path, net)
    Image.fromarray(PIXELS[0]).save(tmp_path / "one.png")
    assert call(path, tmp_path / "one.png", "--show", tmp_path / "seen") == 0
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"wrote 1 picture that the network saw to {tmp_path}/seen, all on "
        f"{tmp_path}/seen/sheet.png")
    np.testing.assert_array_equal(decode(tmp_path / "seen" / "00001-one.png"), 255 - PIXELS[0])
    assert decode(tmp_path / "seen" / "sheet.png").ndim == 3


def test_numbers_without_places_cannot_be_shown(tmp_path, capsys):
    path = saved(tmp_path, made(Row(), (3,)))
    np.save(tmp_path / "a.npy", np.zeros((2, 3)))
    assert call(path, tmp_path / "a.npy", "--show", tmp_path / "seen") == 2
    assert capsys.readouterr().err == (
        "error: --show must have a network of pictures: this one takes rows of numbers (--size "
        "ROWSxCOLUMNS makes pictures of them)\n")


@pytest.mark.parametrize(("name", "content", "message"), [
    ("a.csv", b"", "must hold examples: it is empty"),
    ("a.parquet", b"PAR1...", "must be a picture, a recording, a table or arrays: it is a "
                              "Parquet file (save it as CSV: pandas.read_parquet("),
    ("a.npy", b"\x93NUMPY", "must be an array (.npy): ")])
def test_files_of_foreign_formats_are_named(tmp_path, capsys, name, content, message):
    path = saved(tmp_path, made(Picture((4, 6))))
    (tmp_path / name).write_bytes(content)
    assert call(path, tmp_path / name) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path / name} {message}")
    assert error.count("\n") == 1


def test_a_folder_without_pictures_names_what_is_there(tmp_path, capsys):
    path = saved(tmp_path, made(Picture((4, 6))))
    (tmp_path / "in").mkdir()
    np.save(tmp_path / "in" / "a.npy", PIXELS)
    assert call(path, tmp_path / "in") == 2
    assert capsys.readouterr().err == (
        f"error: Folder {tmp_path}/in must hold pictures: it has none (give tables and arrays by "
        f"their names, such as {tmp_path}/in/a.npy)\n")
