"""sw.inspect: what it says about a network, and its pictures."""

import numpy as np
import pytest
from PIL import Image

from sw import network
from sw.artefact import artefact
from sw.inspect import describe, main
from sw.network import Dense, Encoder, Network, Scores
from sw.show.show import SHOWN

from ..networks import random_network


def test_describes_layers_memory_and_origin():
    folded = Network(
        (Encoder.uniform(4),
         Dense("fc0", np.array([[1, 0, -1, 1], [1, 1, 1, 1], [0, 1, 0, 0]], np.int8),
               np.array([4, 0, 1], np.int32)),
         Scores("scores", np.array([[1, -1, 1], [0, 1, 1]], np.int8), np.array([3, -1], np.int32))),
        ("no", "yes"), (2, 2), {"seed": 7, "dataset": "mnist"})
    text = list(describe(folded))
    assert text[:3] == [f"identity    {folded.identity}",
                        "inputs      2 x 2, 8 bits, of which the hardware takes 1",
                        "classes     2: no yes"]
    assert text[3] == ("conversion  colours become grey; the whole picture, scaled to 2 x 2 if it "
                       "has another size")
    words = [line.split() for line in text]
    assert words[7] == ["fc0", "dense", "4", "3", "8", "synapses", "1", "2.7", "4", "2", "17"]
    assert words[8] == ["scores", "scores", "3", "2", "5", "synapses", "2", "2.5", "3", "11"]
    assert words[9] == ["in", "all", "13", "synapses", "28"]
    assert text[-2:] == ["dataset: mnist", "seed: 7"]


def test_says_that_a_file_stores_no_conversion():
    lines = list(describe(network.load(artefact("tfc"))))
    assert lines[3].startswith("conversion  colours become grey; a light background becomes dark; ")
    assert lines[4] == ("            (the file stores none: this is the meaning of files without "
                        "one)")


@pytest.mark.parametrize(("bias", "bits"), [([0, 0], 0), ([1, 0], 1), ([3, 2], 2), ([-1, 0], 1),
                                            ([-1, 1], 2), ([-3, 3], 3), ([-4, 3], 3)])
def test_biases_take_the_bits_of_their_range(bias, bits):
    layer = Scores("scores", np.ones((2, 5), np.int8), np.array(bias, np.int32))
    assert SHOWN.of(layer).row(layer).bits == 10 + 2 * bits


@pytest.mark.parametrize(("sizes", "levels", "shape"), [
    ((49, 30, 10), (128,), (7, 7)),
    ((49, 300, 10), (64, 192), (7, 7)),
    ((48, 5, 3), (128,), (4, 4, 3)),
    ((16, 8, 2), (128,), (16,)),
    ((16, 2), (128,), (4, 4)),
])
def test_command_draws_what_it_says_it_wrote(tmp_path, capsys, sizes, levels, shape):
    folded = random_network(np.random.default_rng(1), sizes, [6] * (len(sizes) - 1), levels,
                            input_shape=shape)
    network.save(tmp_path / "a.net.npz", folded)
    main([str(tmp_path / "a.net.npz"), "--pictures", str(tmp_path / "pictures")])
    lines = capsys.readouterr().out.splitlines()
    wrote = [line.removeprefix("wrote ") for line in lines if line.startswith("wrote ")]
    assert sorted(wrote) == sorted(map(str, (tmp_path / "pictures").iterdir()))
    assert len(wrote) == (2 if folded.hidden else 1)
    for path in wrote:
        with Image.open(path) as picture:
            shades = np.asarray(picture.convert("L"))
        assert min(shades.shape) > 100
        assert len(np.unique(shades)) > 2


def test_without_a_folder_nothing_is_written(tmp_path, capsys):
    network.save(tmp_path / "a.net.npz", random_network(np.random.default_rng(2), [4, 3, 2]))
    main([str(tmp_path / "a.net.npz")])
    assert "wrote" not in capsys.readouterr().out
    assert len(list(tmp_path.iterdir())) == 1
