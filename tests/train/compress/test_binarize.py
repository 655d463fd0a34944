"""train.compress.binarize: networks of the same topology that begin with the float weights."""

import pytest
import torch

from sw import checkpoint
from sw.fold import fold
from sw.golden.model import Model
from train.compress import binarize, topology
from train.compress.fit import accuracy
from train.compress.retrain import Retrain
from train.compress.trace import trace

from . import small


def test_dense_layers_begin_with_the_signs_of_the_float_weights(dense, parts):
    trainer = binarize.trainer_of(dense, parts, 1, 3, 1)
    assert trainer.recipe.hidden == (32, 20)
    for module, layer in zip(trainer.network.linear, (dense.fc1, dense.fc2, dense.scores),
                             strict=True):
        assert torch.equal(module.weight >= 0, layer.weight >= 0)


def test_weights_behind_a_map_are_in_the_other_order(parts):
    """A float network flattens channels first, the binarized one channels last."""
    network = small.trained("conv 4, pool, dense 6, scores", parts, epochs=0)
    trainer = binarize.trainer_of(network, parts, 1, 3, 1)
    latent = {layer.name: layer.weight for layer in trainer.network.layers
              if hasattr(layer, "weight")}
    dense = network.fc1.weight.view(6, 4, 4, 4).permute(0, 2, 3, 1).reshape(6, -1)
    assert torch.equal(latent["fc1"].flatten(1) >= 0, dense >= 0)
    assert torch.equal(latent["conv1"] >= 0, network.conv1.weight.permute(0, 2, 3, 1) >= 0)


def test_a_binarized_network_folds_and_scores_alike(dense, parts, tmp_path):
    made = binarize.compress(dense, parts, Retrain(epochs=8, seed=1), classes=3)
    assert accuracy(made.network, parts.validation) > 60
    assert made.octets == (64 * 32 + 32 * 20 + 20 * 3 + 16 * 52 + 7) // 8
    trainer = made.network.trainer
    trained = trainer.checkpoint(labels=small.LABELS, input_shape=(8, 8), provenance={})
    checkpoint.save(tmp_path / "x.ckpt.npz", trained)
    golden = Model(fold(checkpoint.load(tmp_path / "x.ckpt.npz")))
    wanted = trainer.scores(torch.from_numpy(parts.validation.images))
    assert golden.scores(parts.validation.images).tolist() == wanted.int().tolist()


def test_a_convolutional_network_is_binarized(conv, parts):
    recipe = topology.recipe_of(trace(conv, parts.train.shape), parts, 3)
    assert recipe.layers == ("conv 8 3x3 integer, pool, conv 12 3x3, pool, dense 24, scores")
    made = binarize.compress(conv, parts, Retrain(epochs=3, seed=1), classes=3)
    assert accuracy(made.network, parts.validation) > 50
    assert made.bits == 1


def test_tables_begin_with_the_strongest_inputs(dense, parts):
    trainer = binarize.trainer_of(dense, parts, 1, 3, 1, tables=True)
    wires, tables = trainer.network.layers[0].hard()
    weight = dense.fc1.weight.detach()
    strongest = weight[5].abs().topk(4).indices
    assert wires[5].tolist() == strongest.tolist()
    for row in range(16):
        signs = torch.tensor([2 * (row >> place & 1) - 1 for place in range(4)])
        total = float((weight[5, strongest] * signs).sum())
        assert int(tables[5, row]) == (total > 0)
    assert trainer.recipe.layers[-1].neurons == 21  # equally many votes a class


def test_look_up_layers_learn(dense, parts):
    made = binarize.compress(dense, parts, Retrain(epochs=6, seed=1), classes=3, tables=True)
    assert accuracy(made.network, parts.validation) > 45
    assert made.facts["tables"] == 32 + 21


def test_layers_without_a_binarized_form_are_refused(parts):
    network = small.Residual()
    with pytest.raises(ValueError, match=r"^Layer 'add' must have a binarized form: add has none "
                       r"\(convolutions, max pools, dense layers in a row\)$"):
        binarize.trainer_of(network, parts, 1, 3, 1)


def test_convolutions_begin_no_look_up_layers(conv, parts):
    with pytest.raises(ValueError, match=r"^Network must be dense layers to begin look-up layers "
                       r"with: it has convolutions \(leave --lookup out\)$"):
        binarize.trainer_of(conv, parts, 1, 3, 1, tables=True)
