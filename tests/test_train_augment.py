import pytest
import torch

from train.augment import Distortion, Feed, basis, distort, encode, generator


STILL = Distortion().times(0)
THRESHOLDS = torch.full((64, 1), 128.0)


def pictures(count=60, size=8):
    return torch.randint(0, 256, (count, size, size), generator=generator(5), dtype=torch.uint8)


def feed(distortion=STILL, seed=1, images=None):
    images = pictures() if images is None else images
    return Feed(images, torch.arange(len(images)), THRESHOLDS, distortion=distortion, seed=seed,
                epochs=4)


def test_no_distortion_leaves_pictures_as_they_are():
    images = pictures().float()
    given = distort(images, STILL, generator(0), basis(8, 8))
    torch.testing.assert_close(given, images, rtol=0, atol=1e-3)


def test_a_shift_moves_by_that_part_of_the_size():
    images = torch.zeros(200, 8, 8)
    images[:, 3, 3] = 255
    moved = distort(images, Distortion(0, 0, 0, shift=0.25), generator(0), basis(8, 8))
    rows = (moved.sum(2) * torch.arange(8)).sum(1) / moved.sum((1, 2)) - 3
    assert rows.abs().max() <= 2.001
    assert rows.abs().max() > 1.8


@pytest.mark.parametrize("distortion", [Distortion(), Distortion(elastic=0.03)])
def test_equal_seeds_distort_equally(distortion):
    images, functions = pictures().float(), basis(8, 8)
    first, second, other = (distort(images, distortion, generator(seed), functions)
                            for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_encoding_compares_with_every_threshold():
    images = torch.tensor([[0.0, 127.9, 128.0, 255.0]])
    thresholds = torch.tensor([[64.0, 128.0]]).repeat(4, 1)
    assert encode(images, thresholds).tolist() == [[-1, -1, 1, -1, 1, 1, 1, 1]]


def test_an_epoch_holds_every_picture_once():
    images = pictures()
    with feed(images=images) as stream:
        bits, labels = stream.take(0)
    assert sorted(labels.tolist()) == list(range(60))
    assert labels.tolist() != list(range(60))
    assert torch.equal(bits, encode(images[labels].flatten(1).float(), THRESHOLDS))


def test_an_epoch_depends_on_seed_and_number_alone():
    with feed(Distortion()) as first, feed(Distortion()) as second:
        all_of_them = [first.take(epoch) for epoch in range(4)]
        bits, labels = second.take(2)
    assert torch.equal(bits, all_of_them[2][0])
    assert torch.equal(labels, all_of_them[2][1])
    assert not torch.equal(labels, all_of_them[1][1])
    with feed(Distortion(), seed=2) as other:
        assert not torch.equal(labels, other.take(2)[1])


def test_only_pictures_can_be_distorted():
    with pytest.raises(ValueError, match=r"^Augmentation must be off for inputs that are no "
                       r"pictures: shape \(64,\) \(use --augment 0\)$"):
        feed(Distortion(), images=pictures().flatten(1))
