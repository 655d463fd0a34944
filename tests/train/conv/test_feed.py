import numpy as np
import pytest
import torch

from train.augment import generator
from train.conv.feed import GREY, Pictures, hide, move, reflected
from train.conv.recipe import ConvRecipe
from train.determinism import deterministic


RECIPE = ConvRecipe.of("x", "conv 8, scores", augment=0)
SHAPES = {"grey": (), "coloured": (3,)}


@pytest.fixture(autouse=True)
def _determinism():
    with deterministic():
        yield


def pictures(count=6, size=(8, 10), colours=()):
    random = np.random.default_rng(3)
    return torch.from_numpy(random.integers(0, 256, (count, *size, *colours), dtype=np.uint8))


def feed(images, recipe=RECIPE, seed=1, epochs=3):
    labels = torch.arange(len(images))
    return Pictures(images, labels, recipe, seed=seed, epochs=epochs)


def shifted(picture, down, across, flip):
    """Return a picture moved and mirrored as plain NumPy does it."""
    padded = np.pad(picture, [(4, 4), (4, 4), *[(0, 0)] * (picture.ndim - 2)], mode="reflect")
    rows, columns = picture.shape[:2]
    part = padded[4 + down:4 + down + rows]
    columns_of = np.arange(columns)
    made = part[:, 4 + across + columns_of]
    return made[:, ::-1] if flip else made


def test_places_beyond_the_edge_are_mirrored_at_it():
    assert reflected(torch.arange(-3, 8), 5).tolist() == [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]


@pytest.mark.parametrize("colours", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize(("reach", "flip"), [(0, True), (3, False), (4, True)])
def test_every_moved_picture_is_one_of_the_possible_ones(colours, reach, flip):
    images = pictures(200, colours=colours)
    made = move(images, torch.arange(200), reach, flip, generator(1, 1)).numpy()
    seen = set()
    for picture, moved in zip(images.numpy(), made, strict=True):
        ways = [(down, across, turned) for down in range(-reach, reach + 1)
                for across in range(-reach, reach + 1) for turned in ((False, True) if flip
                                                                      else (False,))
                if (shifted(picture, down, across, turned) == moved).all()]
        assert ways
        seen.add(ways[0])
    assert {turned for _, _, turned in seen} == ({False, True} if flip else {False})
    assert {down for down, _, _ in seen} == set(range(-reach, reach + 1))


def test_moving_takes_the_wanted_rows():
    images = pictures()
    rows = torch.tensor([4, 0, 4])
    assert torch.equal(move(images, rows, 0, False, generator(1, 1)), images[rows])


@pytest.mark.parametrize("colours", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("size", [3, 4])
def test_a_cutout_is_a_grey_square_that_may_leave_the_picture(colours, size):
    images = torch.ones((300, 8, 10, *colours), dtype=torch.uint8)
    hidden = (hide(images, size, generator(1, 1)) == GREY).numpy().reshape(300, 8, 10, -1)
    assert (hidden == hidden[..., :1]).all()
    assert images.eq(1).all()
    full = 0
    for place in hidden[..., 0]:
        rows, columns = np.flatnonzero(place.any(1)), np.flatnonzero(place.any(0))
        assert 1 <= len(rows) <= size
        assert 1 <= len(columns) <= size
        assert place.sum() == len(rows) * len(columns)
        assert rows[-1] - rows[0] + 1 == len(rows)
        full += len(rows) == len(columns) == size
    assert 100 < full < 300


@pytest.mark.parametrize("colours", SHAPES.values(), ids=SHAPES)
def test_without_distortion_an_epoch_is_all_pictures_in_another_order(colours):
    images = pictures(50, colours=colours)
    with feed(images) as made:
        first, labels, answers = made.take(0)
        second = made.take(1)[0]
    assert answers is None
    assert sorted(labels.tolist()) == list(range(50))
    assert torch.equal(first, images[labels])
    assert not torch.equal(first, second)


@pytest.mark.parametrize("recipe", [
    RECIPE.changed(augment=0.5, flip=True, cutout=3), RECIPE.changed(augment=1.0, elastic=0.05)])
@pytest.mark.parametrize("colours", SHAPES.values(), ids=SHAPES)
def test_an_epoch_depends_on_seed_and_number_alone(recipe, colours):
    """A training that resumes makes an epoch without the ones before."""
    images = pictures(40, colours=colours)
    with feed(images, recipe) as whole, feed(images, recipe) as resumed, \
            feed(images, recipe, seed=2) as other:
        epochs = [whole.take(epoch)[0] for epoch in range(3)]
        assert torch.equal(resumed.take(2)[0], epochs[2])
        assert not torch.equal(epochs[1], epochs[2])
        assert not torch.equal(other.take(2)[0], epochs[2])
        assert epochs[0].dtype == torch.uint8
        assert epochs[0].shape == images.shape


def test_grey_pictures_are_distorted_and_coloured_ones_are_not():
    """Coloured pictures are shifted by whole pixels, so no value is new."""
    grey, coloured = pictures(20, (28, 28)) // 2 * 2, pictures(20, (32, 32), (3,)) // 2 * 2
    recipe = RECIPE.changed(augment=1.0)
    with feed(grey, recipe) as made:
        assert (made.take(0)[0] % 2).any()
    with feed(coloured, recipe) as made:
        taken, labels, _ = made.take(0)
    assert not (taken % 2).any()
    assert not torch.equal(taken, coloured[labels])


def test_a_background_stays_dark_when_a_picture_is_distorted():
    images = torch.zeros((4, 28, 28), dtype=torch.uint8)
    images[:, 10:18, 10:18] = 255
    with feed(images, RECIPE.changed(augment=0.5)) as made:
        taken = made.take(0)[0]
    assert taken[:, 0].max() == 0
    assert taken.max() == 255
