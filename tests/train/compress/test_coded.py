"""train.compress.coded and share: files come back, and damaged ones are refused."""

import random
import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from train.compress import coded, share
from train.compress.codebook import Shared, codebook
from train.compress.fit import accuracy
from train.compress.retrain import NONE

from . import small


SHAPE = (small.SIDE, small.SIDE)


@pytest.fixture(scope="module")
def octets(_networks, parts):
    from copy import deepcopy

    made = share.compress(deepcopy(_networks[small.CONV]), parts, small.RETRAIN,
                          labels=small.LABELS, image_shape=SHAPE, factor=4, bits=4, conv_bits=5)
    return made.network.coded


@given(st.lists(st.booleans(), max_size=300), st.integers(2, 8))
def test_places_come_back_from_differences(chosen, bits):
    places = np.flatnonzero(chosen)
    steps, entries = coded.differences(places, bits)
    assert (steps >= 0).all()
    assert (steps < 2**bits).all()
    assert (np.cumsum(steps + 1) - 1)[entries].tolist() == places.tolist()


def test_a_filler_takes_a_step_of_its_own():
    """As in figure 2 of the paper: 3 bits, and a place that is more than 8 away."""
    steps, entries = coded.differences(np.array([0, 3, 14]), 3)
    assert steps.tolist() == [0, 2, 7, 2]
    assert entries.tolist() == [0, 1, 3]


def test_shared_values_are_k_means_from_a_linear_start():
    values = np.array([-1, -0.9, 0.1, 0.0, 0.5, 0.6, 2.0], np.float32)
    centres, chosen = codebook(values, 4)
    assert centres.tolist() == pytest.approx([-0.95, 0.05, 0.55, 2.0])
    assert chosen.tolist() == [0, 0, 1, 1, 2, 2, 3]


@pytest.mark.parametrize("values", [[], [0.5], [0.5, 0.5, 0.25]])
def test_few_values_are_shared_exactly(values):
    values = np.array(values, np.float32)
    centres, chosen = codebook(values, 8)
    assert centres[chosen].tolist() == values.tolist()


def test_the_gradient_of_a_shared_value_is_that_of_its_weights():
    values = torch.tensor([0.5, -1.0], requires_grad=True)
    weight = Shared(torch.tensor([[0, 1, 1], [2, 1, 0]]), values)(values)
    assert weight.tolist() == [[0, 0.5, 0.5], [-1, 0.5, 0]]
    (weight * torch.tensor([[10.0, 1, 2], [4, 8, 10]])).sum().backward()
    assert values.grad.tolist() == [11, 4]


def test_a_coded_network_comes_back(tmp_path, octets, conv, parts):
    coded.save(tmp_path / "x.coded", octets)
    found = coded.load(tmp_path / "x.coded")
    assert found.labels == small.LABELS
    assert found.image_shape == SHAPE
    assert accuracy(found.network, parts.validation) > accuracy(conv, parts.validation) - 5
    weight = found.network.fc1.weight
    assert len(weight.unique()) <= 2**4 + 1
    assert int(weight.count_nonzero()) < weight.numel() / 3


def test_each_stage_is_smaller(conv, parts):
    made = share.compress(conv, parts, NONE, labels=small.LABELS, image_shape=SHAPE, factor=4,
                          bits=4, conv_bits=5)
    stages = made.facts["stages"]
    assert list(stages) == ["float32", "pruned", "shared", "coded"]
    assert stages["float32"] > 3 * stages["pruned"]
    assert stages["pruned"] > 1.8 * max(stages["shared"], stages["coded"])
    assert made.octets == stages["coded"] == len(made.network.coded)
    assert made.facts["ratios"]["float32"] == 1
    assert made.parameters < 0.35 * sum(value.numel() for value in conv.parameters())


def test_what_pruning_left_is_in_the_file(conv, parts):
    """The file's network has the same zeros, and values that its layer shares."""
    made = share.compress(conv, parts, NONE, labels=small.LABELS, image_shape=SHAPE, factor=3,
                          bits=3, conv_bits=3)
    for name, after in made.network.named_parameters():
        assert torch.equal(conv.get_parameter(name) == 0, after == 0)


def with_checksum(octets):
    return octets[:-4] + struct.pack("<I", zlib.crc32(octets[:-4]))


def test_damaged_files_are_refused(tmp_path, octets):
    """Random changes, with a checksum that fits: all are refused in one line, or read."""
    chance, refused = random.Random(1), []
    path = tmp_path / "x.coded"
    for _ in range(300):
        changed = bytearray(octets)
        for _ in range(chance.choice((1, 1, 3))):
            place = chance.randrange(min(len(changed), chance.choice((120, len(changed)))))
            changed[place] = chance.randrange(256)
        if chance.random() < 0.2:
            del changed[chance.randrange(len(changed)):]
        path.write_bytes(with_checksum(bytes(changed)))
        try:
            coded.load(path)
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(line.startswith(f"{path} must be ") and "\n" not in line for line in refused)


@pytest.mark.parametrize(("text", "message"), [
    ("dense 16000, dense 16000, scores", "Weights of a network must be at most 67,108,864: "),
    ("dense 99999, scores", "Number in layer 'dense 99999' must be in 1..16384: 99999"),
])
def test_sizes_are_checked_before_memory_is_taken(tmp_path, text, message):
    """The file of some bytes asks for a gigabyte."""
    head = [coded.MAGIC, coded._text(text), coded._shape((1, 8, 8)), coded._shape(SHAPE),
            coded._text("a\nb")]
    (tmp_path / "x.coded").write_bytes(with_checksum(b"".join(head) + bytes(4)))
    with pytest.raises(ValueError, match=message):
        coded.load(tmp_path / "x.coded")


@pytest.mark.parametrize(("octets", "reason"), [
    (b"", r"must be a coded network: its first bytes are others"),
    (b"PK\3\4" * 10, r"must be a coded network: its first bytes are others"),
    (coded.MAGIC, r"must be an intact coded network: "),
    (with_checksum(coded.MAGIC + bytes(4)), r"must be an intact coded network: it is cut short"),
])
def test_other_files_are_refused(tmp_path, octets, reason):
    (tmp_path / "x.coded").write_bytes(octets)
    with pytest.raises(ValueError, match=rf"^{tmp_path}/x\.coded {reason}.* \("):
        coded.load(tmp_path / "x.coded")


def test_a_network_that_no_text_can_say_is_refused(parts):
    with pytest.raises(ValueError, match=r"^Network must be layers in a row, which the text of "
                       r"layers can say, to be coded: Residual is not \(use prune, fixed or "
                       r"int8\)$"):
        share.compress(small.Residual(), parts, NONE, labels=small.LABELS, image_shape=SHAPE,
                       factor=1)


@pytest.mark.parametrize("bits", [0, 12])
def test_bits_out_of_range_are_refused(bits, dense):
    with pytest.raises(ValueError, match=rf"^Bits must be in 1\.\.11: {bits}$"):
        share.share(dense, bits)
