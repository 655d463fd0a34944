"""sw.fold equals float BatchNorm at every popcount of every neuron, whatever its numbers are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sw import checkpoint as checkpoints
from sw import golden, network
from sw.checkpoint import Hidden
from sw.fold import beside, fold, main
from sw.trained.hidden import fold_hidden

from ..networks import checkpoint_scores, random_checkpoint, random_images


FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)
SPECIAL = st.sampled_from([0.0, -0.0, 1e-45, -1e-45, 1e-38, 3e38, -3e38, 1.0, -1.0])


def fires_in_float(layer, neuron, popcount):
    """Say whether a neuron fires, in scalar float32 arithmetic: the definition, word by word."""
    fan_in = np.count_nonzero(layer.weights[neuron])
    dot = np.float32(2 * popcount - fan_in)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        deviation = np.sqrt(np.float32(layer.variance[neuron] + np.float32(layer.eps)))
        inverse = np.float32(layer.gamma[neuron] / deviation)
        centred = np.float32(dot - layer.mean[neuron])
        return bool(np.float32(np.float32(centred * inverse) + layer.beta[neuron]) >= 0)


def assert_fold_is_exact(layer):
    folded = fold_hidden(layer)
    for neuron, (weights, threshold) in enumerate(zip(folded.weights, folded.thresholds,
                                                      strict=True)):
        inverted = bool(layer.gamma[neuron] < 0)
        np.testing.assert_array_equal(weights, -layer.weights[neuron] if inverted
                                      else layer.weights[neuron])
        fan_in = int(folded.fan_in[neuron])
        for popcount in range(fan_in + 1):
            seen = fan_in - popcount if inverted else popcount
            assert (seen >= threshold) == fires_in_float(layer, neuron, popcount), (
                neuron, popcount)


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), inputs=st.integers(1, 40), share=st.floats(0, 1),
       gamma=FLOATS | SPECIAL, beta=FLOATS | SPECIAL, mean=FLOATS | SPECIAL,
       variance=st.floats(0, 2**100, width=32), eps=st.sampled_from([1e-5, 1e-3, 1.0]))
def test_equals_batchnorm_for_any_floats(seed, inputs, share, gamma, beta, mean, variance, eps):
    rng = np.random.default_rng(seed)
    values = [np.array([value], np.float32) for value in (gamma, beta, mean, variance)]
    assert_fold_is_exact(Hidden("fc0", rng.normal(size=(1, inputs)).astype(np.float32),
                                (rng.random((1, inputs)) < share).astype(np.uint8), *values, eps))


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), fan_in=st.integers(1, 60),
       synapses=st.none() | st.integers(0, 60))
def test_equals_batchnorm_for_trained_looking_layers(seed, fan_in, synapses):
    checkpoint = random_checkpoint(np.random.default_rng(seed), [fan_in, 12, 2], [synapses, None])
    assert_fold_is_exact(checkpoint.hidden[0])


@pytest.mark.parametrize("sign", [1, -1])
def test_a_sum_exactly_at_the_mean_fires(sign):
    """(a - mean) is 0 at popcount 2 of 4, beta is 0: the bit is y >= 0, so it fires there."""
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    layer = Hidden("fc0", np.ones((1, 4), np.float32), np.ones((1, 4), np.uint8), sign * one,
                   zero, zero, one)
    folded = fold_hidden(layer)
    assert folded.thresholds.tolist() == [2]
    assert folded.weights.tolist() == [[sign] * 4]


@pytest.mark.parametrize(("beta", "threshold"), [(0.5, 0), (0.0, 0), (-0.5, 6)])
def test_gamma_of_zero_is_a_constant_neuron(beta, threshold):
    one = np.ones(1, np.float32)
    layer = Hidden("fc0", np.ones((1, 5), np.float32), np.ones((1, 5), np.uint8), 0 * one,
                   beta * one, one, one)
    assert fold_hidden(layer).thresholds.tolist() == [threshold]


@pytest.mark.parametrize("synapses", [None, (6, 5, 4)])
def test_folded_network_gives_the_scores_of_the_checkpoint(synapses):
    rng = np.random.default_rng(5)
    checkpoint = random_checkpoint(rng, [49, 64, 32, 10], synapses, input_shape=(7, 7))
    folded = fold(checkpoint)
    images = random_images(rng, 300, folded)
    want = checkpoint_scores(checkpoint, images)
    assert len(np.unique(want.argmax(axis=1))) > 1
    np.testing.assert_array_equal(golden.Model(folded).scores(images), want)
    assert (folded.labels, folded.input_shape, folded.provenance) == (
        checkpoint.labels, checkpoint.input_shape, checkpoint.provenance)


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "tiny.ckpt.npz"
    checkpoint = random_checkpoint(np.random.default_rng(6), [16, 8, 3])
    checkpoints.save(path, checkpoint)
    return path, checkpoint


def test_command_writes_beside_the_checkpoint_and_says_so(saved, capsys):
    path, checkpoint = saved
    main([str(path)])
    written = path.with_name("tiny.net.npz")
    identity = network.load(written).identity
    assert identity == fold(checkpoint).identity
    inverted = (checkpoint.hidden[0].gamma < 0).sum()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"fc0: 16 inputs, 8 neurons, 128 synapses, {inverted} inverted for")
    assert lines[-1] == f"wrote {written} (identity {identity[:12]})"


def test_command_writes_where_told(saved):
    path, _ = saved
    main([str(path), "-o", str(path.parent / "new" / "other.net.npz")])
    assert [entry.name for entry in (path.parent / "new").iterdir()] == ["other.net.npz"]


def damage(path, **changes):
    """Write a checkpoint again with arrays replaced, or left out where None."""
    with np.load(path) as file:
        arrays = {**file, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def test_networks_without_batchnorm_are_refused(saved):
    path, _ = saved
    damage(path, **{"0_gamma": None, "0_mean": None})
    with pytest.raises(ValueError, match=r"^.*tiny\.ckpt\.npz: Layer 'fc0' must have weights, mask "
                                         r"and BatchNorm: no gamma, mean \(only networks with "
                                         r"BatchNorm after every hidden layer can be folded\)$"):
        main([str(path)])
    assert not path.with_name("tiny.net.npz").exists()


@pytest.mark.parametrize(("key", "what"), [("0_weight", "Weight of layer 'fc0'"),
                                           ("0_variance", "Variance of layer 'fc0'"),
                                           ("last_weight", "Weight of layer 'scores'")])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(saved, key, what, value):
    path, _ = saved
    with np.load(path) as file:
        array = file[key].copy()
    array.flat[3] = value
    damage(path, **{key: array})
    with pytest.raises(ValueError, match=rf"^.*tiny\.ckpt\.npz: {what} must be finite: it holds "
                                         r"NaN or infinity \(train it again\)$"):
        main([str(path)])


def test_a_folded_network_is_no_checkpoint(saved):
    path, checkpoint = saved
    network.save(path, fold(checkpoint))
    with pytest.raises(ValueError, match=r"^.* must be a checkpoint \(thresher-ckpt/1\): it is "
                                         r"a folded network already \(look at it: python -m "
                                         r"sw\.inspect .*\)$"):
        main([str(path)])


def test_names_of_files_of_one_network(tmp_path):
    assert [beside(tmp_path / name, ".net.npz").name for name in
            ("a.ckpt.npz", "a.net.npz", "b.c.npz", "d")] == [
            "a.net.npz", "a.net.npz", "b.c.net.npz", "d.net.npz"]


def test_two_neurons_of_one_layer_may_differ_in_fan_in():
    checkpoint = random_checkpoint(np.random.default_rng(7), [9, 4, 2])
    layer = checkpoint.hidden[0]
    mask = np.tri(4, 9, 0).astype(np.uint8)
    ragged = replace(layer, mask=mask)
    assert fold_hidden(ragged).fan_in.tolist() == [1, 2, 3, 4]
    assert_fold_is_exact(ragged)
