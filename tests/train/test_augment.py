from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from train.augment import (
    POOL,
    Distortion,
    Feed,
    basis,
    distort,
    encode,
    generator,
    grey,
    ground_of,
)


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
        bits, labels, answers = stream.take(0)
    assert sorted(labels.tolist()) == list(range(60))
    assert labels.tolist() != list(range(60))
    assert torch.equal(bits, encode(images[labels].flatten(1).float(), THRESHOLDS))
    assert answers is None


def test_an_epoch_depends_on_seed_and_number_alone():
    with feed(Distortion()) as first, feed(Distortion()) as second:
        all_of_them = [first.take(epoch) for epoch in range(4)]
        bits, labels, _ = second.take(2)
    assert torch.equal(bits, all_of_them[2][0])
    assert torch.equal(labels, all_of_them[2][1])
    assert not torch.equal(labels, all_of_them[1][1])
    with feed(Distortion(), seed=2) as other:
        assert not torch.equal(labels, other.take(2)[1])


def test_only_pictures_can_be_distorted():
    with pytest.raises(ValueError, match=r"^Augmentation must be off for inputs that are no "
                       r"pictures: shape \(64,\) \(use --augment 0\)$"):
        feed(Distortion(), images=pictures().flatten(1))


def test_grey_levels_become_minus_one_to_one():
    given = grey(torch.tensor([[[0.0, 255.0], [127.5, 51.0]]]))
    assert given.dtype == torch.bfloat16
    torch.testing.assert_close(given.float(), torch.tensor([[-1, 1, 0, -0.6]]), rtol=0, atol=2e-3)


def test_a_teacher_sees_the_pictures_that_become_bits():
    options = {"distortion": Distortion(), "seed": 1, "epochs": 4}
    images, labels = pictures(), torch.arange(60)
    with Feed(images, labels, None, **options) as shown, \
            Feed(images, labels, THRESHOLDS, teacher=lambda seen: seen, **options) as taught, \
            Feed(images, labels, THRESHOLDS, **options) as plain:
        bits, order, answers = taught.take(1)
        assert torch.equal(answers, shown.take(1)[0])
        assert torch.equal(bits, plain.take(1)[0])
        assert torch.equal(order, plain.take(1)[1])
    assert not torch.equal(answers, grey(images[order].float()))


def test_a_teacher_answers_every_epoch_of_the_pool_once():
    asked = []

    def teacher(seen):
        asked.append(len(seen))
        return seen[:, :3].float()

    with Feed(pictures(), torch.arange(60), THRESHOLDS, distortion=Distortion(), seed=1,
              epochs=2 * POOL, teacher=teacher) as stream:
        taken = [stream.take(epoch) for epoch in range(2 * POOL)]
    assert asked == [60] * POOL
    for first, again in zip(taken[:POOL], taken[POOL:], strict=True):
        assert all(torch.equal(*parts) for parts in zip(first, again, strict=True))
    assert not torch.equal(taken[0][2], taken[1][2])


def test_a_feed_restores_the_number_of_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with feed() as stream:
            stream.take(0)
        assert torch.get_num_threads() == 2
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(torch.get_num_threads).result() == 2
    finally:
        torch.set_num_threads(before)


def test_colours_are_distorted_as_their_channels_are():
    images, functions = pictures().float(), basis(8, 8)
    colours = torch.stack([images, images.flip(0), images / 2], dim=3)
    moved = distort(colours, Distortion(), generator(3), functions)
    for channel in range(3):
        alone = distort(colours[..., channel], Distortion(), generator(3), functions)
        torch.testing.assert_close(moved[..., channel], alone, rtol=0, atol=1e-3)


def test_light_pictures_are_surrounded_by_light():
    dark = torch.zeros((60, 8, 8), dtype=torch.uint8)
    dark[:, 2:6, 2:6] = 255
    assert [ground_of(dark), ground_of(255 - dark)] == [0, 255]
    with feed(Distortion(), images=dark) as stream, feed(Distortion(), images=255 - dark) as other:
        bits, inverted = stream.take(0)[0], other.take(0)[0]
    assert (bits == -inverted).float().mean() > 0.99
