"""A conversion survives JSON, fits its network, and has the meaning that old files had."""

import json
from dataclasses import replace

import numpy as np
import pytest

from sw import checkpoint, conversion, network
from sw.artefact import artefact, names
from sw.conversion import Picture, Row
from sw.fold import fold
from tests.networks import random_checkpoint, random_network


PICTURE = Picture((2, 3), depth=16, high=4095.0, transpose=True, invert=True, fit="photo")
ROW = Row(columns=("a", "b"), low=(0.0, -1.5), high=(255.0, 2.25))


@pytest.mark.parametrize("given", [PICTURE, ROW, Picture((4, 4)), Row()])
def test_a_conversion_survives_json(given):
    assert conversion.from_json(json.loads(json.dumps(conversion.to_json(given)))) == given


@pytest.mark.parametrize(("change", "message"), [
    ({"kind": "smell"}, r"^Conversion must be one of picture, row, sound: .*$"),
    ({"size": [0, 3]}, r"^Size of a picture must be rows and columns: \(0, 3\)$"),
    ({"fit": "crop"}, r"^Fit must be one of as-is, drawing, photo: 'crop'$"),
    ({"colours": 2}, r"^Colours must be one of 1, 3: 2$"),
    ({"invert": 1}, r"^Invert must be one of False, True, None: 1$"),
    ({"high": 0.0}, r"^Range of values must be from a lower to a higher number: 0\.0\.\.0\.0$"),
    ({"high": "9"}, r"^Conversion's high must be a number: '9'$"),
    ({"more": 1}, r"^Conversion must have the fields colours, .*: .*more$")])
def test_damaged_conversions_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        conversion.from_json({**conversion.to_json(PICTURE), **change})


def test_networks_and_checkpoints_store_their_conversion(tmp_path):
    trained = replace(random_checkpoint(np.random.default_rng(1), (6, 5, 3), input_shape=(2, 3)),
                      conversion=PICTURE)
    checkpoint.save(tmp_path / "a.ckpt.npz", trained)
    read = checkpoint.load(tmp_path / "a.ckpt.npz")
    network.save(tmp_path / "a.net.npz", fold(read))
    assert read.conversion == PICTURE
    assert network.load(tmp_path / "a.net.npz").conversion == PICTURE


def test_the_identity_holds_the_conversion():
    plain = random_network(np.random.default_rng(1), (6, 5, 3), input_shape=(2, 3))
    others = [replace(plain, conversion=replace(PICTURE, invert=invert))
              for invert in (False, True, None)]
    assert len({net.identity for net in (plain, *others)}) == 4


# Networks that were folded before files held a conversion.
OLD = [name for name in names() if "conversion" not in np.load(artefact(name))]


@pytest.mark.parametrize("name", OLD)
def test_files_without_a_conversion_keep_meaning_and_identity(name, tmp_path):
    assert {"tfc", "sfc", "lfc", "lookup-25f"} <= set(OLD)
    read = network.load(artefact(name))
    assert read.conversion == Picture((28, 28), fit="drawing", invert=None)
    network.save(tmp_path / "again.net.npz", read)
    assert "conversion" not in np.load(tmp_path / "again.net.npz")


def test_a_flipped_conversion_is_noticed(tmp_path):
    net = replace(random_network(np.random.default_rng(1), (6, 5, 3), input_shape=(2, 3)),
                  conversion=PICTURE)
    network.save(tmp_path / "a.net.npz", net)
    arrays = dict(np.load(tmp_path / "a.net.npz"))
    arrays["conversion"] = np.array(str(arrays["conversion"]).replace('"invert": true',
                                                                      '"invert": false'))
    np.savez(tmp_path / "b.net.npz", **arrays)
    with pytest.raises(ValueError, match=r"^.*b\.net\.npz must have the identity of its content: .*"
                                         r"$"):
        network.load(tmp_path / "b.net.npz")


@pytest.mark.parametrize(("shape", "meaning"), [
    ((4, 5), Picture((4, 5))), ((4, 5, 1), Picture((4, 5))), ((1, 4, 5), Picture((4, 5))),
    ((4, 5, 3), Picture((4, 5), colours=3)), ((3, 4, 5), Picture((4, 5), colours=3)),
    ((20,), Row()), ((2, 2, 5), Row())])
def test_networks_of_plain_arrays_take_inputs_as_they_are(shape, meaning):
    inputs = int(np.prod(shape))
    net = random_network(np.random.default_rng(1), (inputs, 5, 3), input_shape=shape)
    assert net.conversion == meaning


@pytest.mark.parametrize(("given", "message"), [
    (Picture((3, 3)), r"^Conversion must give the inputs of the network, of shape \(2, 3\): it "
                      r"gives 3 x 3 pixels of 1 colours$"),
    (ROW, r"^Conversion must have one of names for each of the 6 inputs: 2$")])
def test_a_conversion_fits_its_network(given, message):
    net = random_network(np.random.default_rng(1), (6, 5, 3), input_shape=(2, 3))
    with pytest.raises(ValueError, match=message):
        replace(net, conversion=given)


def test_words_say_what_is_done():
    assert list(PICTURE.words()) == [
        "values 0..4095 become 0..255", "colours become grey", "rows and columns change places",
        "light becomes dark", "the middle of the picture, scaled to 2 x 3"]
    assert list(ROW.words()) == ["columns a, b, by name", "b: -1.5..2.25 become 0..255"]
    class_first = Row(low=(1.0, 0.0), high=(2.0, 255.0), places=(1, 2), width=3)
    assert list(class_first.words()) == ["numbers in their order",
                                         "column 2: 1..2 become 0..255"]
