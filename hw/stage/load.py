"""The shape that a network must have so that its weights can be loaded at run time."""

from sw.line.load import LoadedLayer, LoadShape, frame_of

from ..plan.simplify.reduction import REDUCE


__all__ = ["load_shape"]


def load_shape(accelerator, text):
    """Return the :class:`sw.line.load.LoadShape` of an accelerator.

    Parameters
    ----------
    accelerator : :class:`hw.accelerator.Accelerator`
        Accelerator, some of whose layers have the rom ``"loaded"``.
    text : int
        Most octets of the text of a load.

    Raises
    ------
    ValueError
        If a layer is built from what is known of the weights of a loaded one.
    """
    network = accelerator.network
    layers = []
    for index, layer in enumerate(network.layers):
        if REDUCE.of(layer).built:
            raise ValueError(f"Layer {layer.name!r} must not be a look-up layer beside layers that "
                             f"are loaded: its tables depend on their weights (another rom)")
        stage = accelerator.stages.get(layer.name)
        if stage is not None and stage.preset:
            layers.append(LoadedLayer(index, layer.name, stage.pe, stage.simd, stage.planes,
                                      stage.constant_bits))
    return LoadShape(frame_of(network, [layer.index for layer in layers]), network.score_bits, text,
                     tuple(layers))
