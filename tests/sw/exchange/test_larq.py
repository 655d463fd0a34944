"""Larq models, written here in Keras' layout and computed as Keras does, channels last."""

import json
import re

import h5py
import numpy as np
import pytest
import torch
from torch.nn import functional

from sw import golden, network
from sw.exchange import check, incoming, larq
from sw.exchange.__main__ import main


def sign(x):
    return np.where(x >= 0, 1.0, -1.0)


class Keras:
    """A Sequential model that computes its layers one by one, float64."""

    def __init__(self, shape, seed=1):
        self.layers, self.arrays, self.steps = [], {}, []
        self.shape, self.rng = shape, np.random.default_rng(seed)

    def add(self, kind, step, arrays=(), **config):
        name = f"{kind.lower()}_{len(self.layers)}"
        if not self.layers:
            config["batch_input_shape"] = [None, *self.shape]
        self.layers.append({"class_name": kind, "config": {"name": name, **config}})
        self.arrays[name] = dict(arrays)
        self.steps.append(step)

    def dense(self, inputs, neurons, quantizer="ste_sign", bias=None):
        kernel = self.rng.uniform(-1, 1, (inputs, neurons)).astype(np.float32)
        kernel[0, 0] = 0
        self.add("QuantDense", lambda x: (sign(x) if quantizer else x) @ sign(kernel)
                 + (0 if bias is None else bias),
                 {"kernel": kernel, **({} if bias is None else {"bias": bias})}, units=neurons,
                 input_quantizer=quantizer, activation="linear",
                 kernel_quantizer={"class_name": "SteSign", "config": {"clip_value": 1.0}})

    def conv(self, channels, made, quantizer="ste_sign", padding="valid", pad_values=0.0):
        kernel = self.rng.uniform(-1, 1, (3, 3, channels, made)).astype(np.float32)

        def step(x):
            x = sign(x) if quantizer else x
            if padding == "same":
                x = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=pad_values)
            weights = torch.from_numpy(sign(kernel).transpose(3, 2, 0, 1).copy())
            x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
            return functional.conv2d(x, weights).numpy().transpose(0, 2, 3, 1)

        self.add("QuantConv2D", step, {"kernel": kernel}, kernel_size=[3, 3], strides=[1, 1],
                 padding=padding, pad_values=pad_values, dilation_rate=[1, 1], groups=1,
                 data_format="channels_last", activation="linear", filters=made,
                 input_quantizer=quantizer, kernel_quantizer="ste_sign")

    def normalize(self, channels, spread, scale=False):
        arrays = {"beta": self.rng.normal(0, 0.4, channels),
                  "moving_mean": self.rng.normal(0, spread, channels),
                  "moving_variance": self.rng.uniform(0.5, spread**2 + 1, channels)}
        if scale:
            arrays["gamma"] = self.rng.normal(0.3, 0.6, channels)
        arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
        self.add("BatchNormalization", lambda x: (x - arrays["moving_mean"]) / np.sqrt(
            arrays["moving_variance"].astype(float) + 1e-3) * arrays.get("gamma", 1)
            + arrays["beta"], arrays, epsilon=1e-3, axis=[3], scale=scale)

    def pool(self):
        self.add("MaxPooling2D", lambda x: x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2,
                                                     -1).max(axis=(2, 4)),
                 pool_size=[2, 2], strides=[2, 2], padding="valid", data_format="channels_last")

    def flatten(self):
        self.add("Flatten", lambda x: x.reshape(len(x), -1), data_format="channels_last")

    def scores(self, x):
        for step in self.steps:
            x = step(x)
        return x

    def save(self, path, **config):
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {
                "name": "sequential", "layers": self.layers}} | config)
            weights = file.create_group("model_weights")
            weights.attrs["layer_names"] = [name.encode() for name in self.arrays]
            for name, arrays in self.arrays.items():
                group = weights.create_group(name)
                group.attrs["weight_names"] = [f"{name}/{array}:0".encode() for array in arrays]
                for array, values in arrays.items():
                    group.create_dataset(f"{name}/{array}:0", data=values)
        return path


def convolutional():
    model = Keras((12, 12, 3))
    model.conv(3, 8, quantizer=None)
    model.pool()
    model.normalize(8, 4)
    model.conv(8, 12, padding="same", pad_values=1.0)
    model.normalize(12, 6, scale=True)
    model.flatten()
    model.dense(300, 16)
    model.normalize(16, 8, scale=True)
    model.dense(16, 4)
    model.add("Activation", lambda x: x, activation="softmax")
    return model


def dense():
    model = Keras((5, 6), seed=2)
    model.flatten()
    model.dense(30, 20, quantizer=None)
    model.normalize(20, 2)
    model.dense(20, 12, quantizer="approx_sign")
    model.add("Dropout", lambda x: x, rate=0.5)
    model.normalize(12, 3, scale=True)
    model.dense(12, 4, bias=np.float32([0, 2, 1, 3]))
    return model


@pytest.mark.parametrize("make", [convolutional, dense])
def test_a_model_computes_what_keras_computes(tmp_path, make):
    model = make()
    made = incoming.load(model.save(tmp_path / "x.h5"), reader=larq.read)
    images = check.random_images(made)
    theirs = model.scores(images.pixels / 255)
    ours = golden.Model(made.network).scores(made.inputs(images.pixels))
    np.testing.assert_array_equal(ours - ours[:, :1], np.rint(theirs - theirs[:, :1]))
    assert len(np.unique(theirs.argmax(axis=1))) > 1
    assert check.compare(made, images).equal


def test_the_command_knows_the_ending(tmp_path, capsys):
    convolutional().save(tmp_path / "x.h5")
    main([str(tmp_path / "x.h5"), "-o", str(tmp_path / "x.net.npz")])
    assert "MaxPool 'maxpooling2d_1'" in capsys.readouterr().out
    assert network.load(tmp_path / "x.net.npz").input_shape == (12, 12, 3)


def changed(number, **config):
    model = convolutional()
    model.layers[number]["config"].update(config)
    return model


def stranger():
    model = convolutional()
    model.layers[1]["class_name"] = "Custom>Attention"
    return model


WAY = "(write it by model.save('NAME.h5') of a Sequential model)"


@pytest.mark.parametrize(("model", "reason"), [
    (stranger(), "layer 'maxpooling2d_1' must be of a kind that is understood: Attention"),
    (changed(0, kernel_quantizer="ste_tern"), "layer 'quantconv2d_0' must quantize by ste_sign, "
                                              "approx_sign or swish_sign: ste_tern"),
    (changed(0, data_format="channels_first"), "layer 'quantconv2d_0' must have its channels "
                                               "last: they are first"),
    (changed(0, batch_input_shape=[None, None, 12, 3]), "its first layer must say the shape of an "
                                                        "image: (None, 12, 3)"),
    (changed(3, strides=[2, 2]), "layer 'quantconv2d_3' must have an odd square kernel and stride "
                                 "1 to be padded: [3, 3], [2, 2]"),
    (changed(0, name=None), "it is damaged: TypeError Accessing a group is done with bytes or str, "
                            "not <class 'NoneType'>")])
def test_models_that_fit_no_network_are_refused(tmp_path, model, reason):
    path = model.save(tmp_path / "x.h5")
    message = re.escape(f"{path} must be a Larq model: {reason} {WAY}")
    with pytest.raises(ValueError, match=f"^{message}$"):
        larq.read(path)


def test_files_are_read_without_trust(tmp_path):
    def refused(reason):
        with pytest.raises(ValueError, match="must be a Larq model: ") as caught:
            larq.read(path)
        assert str(caught.value).startswith(f"{path} must be a Larq model: {reason}")
        assert str(caught.value).endswith(WAY)
    path = convolutional().save(tmp_path / "x.h5", class_name="Functional")
    refused("its layers must be in a row, not Functional")
    path = convolutional().save(tmp_path / "x.h5")
    place = "model_weights/quantconv2d_0/quantconv2d_0/kernel:0"
    with h5py.File(path, "a") as file:
        del file[place]
        file[place] = h5py.ExternalLink("other.h5", "kernel")
    refused("layer 'quantconv2d_0' must have its weights in the file: ")
    with h5py.File(path, "a") as file:
        del file[place]
        file.create_dataset(place, shape=(2**20, 2**20), dtype="f4", chunks=(1024, 1024))
    refused("layer 'quantconv2d_0' must have floats in the file, at most 67,108,864: float32 of ")
    path.write_bytes(path.read_bytes()[:3000])
    refused("it is damaged: OSError ")
    with h5py.File(path, "w"):
        pass
    refused("it has no model_config, so its layers are unknown")
