"""The registry of layers' hardware: a kind of layer can be wired, scheduled, or encode pixels."""

from sw.layer.registry import Registry


__all__ = ["LOWER", "Lowering", "entry", "with_mode"]


LOWER = Registry("hardware", ("hw.lowering",))  # an entry is a :class:`Lowering`


class Lowering:
    """Hardware of a kind of layer. A kind overrides the methods for what it can be built as.

    The methods here refuse with the layer's name.

    Attributes
    ----------
    has_mode : bool
        Whether a schedule says how the layer is built. An encoder has no mode, because the pixels
        of a beat decide about its hardware.
    crowded : bool
        Whether cells have so many wires that they must not be packed densely.
    streams : bool
        Whether a wired layer is a stage of its own, which takes a feature map position by
        position. Other wired layers take a vector a cycle and join their neighbours in one
        pipeline.
    """

    has_mode = True
    crowded = False
    streams = False

    def vector(self, layer):
        """Return the layer that each vector goes through: of a convolution, each window."""
        return layer

    def words(self, layer, mode, width):
        """Return the bits of a word that a layer takes, and the values of a word that it gives.

        ``width`` are the bits of the words that come. Where they differ from what the layer takes,
        a width converter stands between.
        """
        return mode.takes(layer), mode.gives(layer)

    def interval(self, layer, mode, width):
        """Return the cycles of an image, if the words that come have ``width`` bits."""
        return layer.vectors * mode.interval(self.vector(layer))

    def stages(self, layer, mode, width):
        """Return the :class:`hw.stream.stage.Stage` of a layer that is no part of a pipeline.

        A dict by name, in order. ``width`` are the bits of the words that come.
        """
        return {layer.name: self.scheduled(layer, mode)}

    def stage_resources(self, layer, mode, width, family):
        """Return the estimated resources of :meth:`stages`."""
        return self.scheduled_resources(layer, mode, family)

    def beats(self, layer, pixels):
        """Return the stage of a first layer without a mode, for ``pixels`` pixels a beat.

        The stage has the attributes ``beats``, the beats of an image, and ``is_wire``, whether it
        needs no logic.
        """
        raise self._refusal(layer, "take pixels")

    def width(self, layer, pixels):
        """Return the bits that a first layer without a mode gives for ``pixels`` pixels."""
        raise self._refusal(layer, "take pixels")

    def wired(self, layer, mode):
        """Return a component with ports ``x`` and ``y`` and a ``latency``: one vector per cycle.

        ``mode`` is a :class:`hw.plan.schedule.Wired`, or None for a layer without a mode.
        """
        raise self._refusal(layer, "be wired")

    def wired_latency(self, layer, mode):
        """Return the latency of :meth:`wired` in cycles."""
        raise self._refusal(layer, "be wired")

    def wired_resources(self, layer, mode, family, seen):
        """Return the estimated resources of :meth:`wired`.

        ``seen`` says which outputs are read: ndarray of bool, shape (outputs,).
        """
        raise self._refusal(layer, "be wired")

    def scheduled(self, layer, mode):
        """Return the :class:`hw.stream.stage.Stage` of a layer that is computed in steps."""
        raise self._refusal(layer, "be scheduled")

    def scheduled_resources(self, layer, mode, family):
        """Return the estimated resources of :meth:`scheduled`."""
        raise self._refusal(layer, "be scheduled")

    def most_positions(self, layer):
        """Return how many vectors of an image may share each word of weights."""
        return layer.vectors

    def check_rows(self, layer, mode):
        """Raise ValueError unless the windows of a row can be computed at once."""
        raise ValueError(f"Rows of layer {layer.name!r} must be false: its kind, {layer.kind!r}, "
                         f"has no windows that share weights")

    def stored_bits(self, layer):
        """Return the bits of weights that a scheduled layer has in memory."""
        return 0

    def candidates(self, layer, interval, wired, device):
        """Return the ways to build a layer that keep to an interval, for the solver.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer.
        interval : int
            Most cycles of an image.
        wired : :class:`hw.plan.schedule.Wired`
            How a wired layer is built, with the number of hops for this layer's size.
        device : :class:`hw.plan.device.Device`
            Device that the layer must fit.

        Returns
        -------
        list of :class:`hw.plan.schedule.Wired` and :class:`hw.plan.schedule.Scheduled`
        """
        return [wired]

    def slowest(self, layer):
        """Return the interval of the slowest way to build the layer, in cycles."""
        return 1

    def fastest(self, layer):
        """Return the interval of the fastest way to build the layer, in cycles."""
        return 1

    def _refusal(self, layer, what):
        return ValueError(f"Layer {layer.name!r} must not {what}: its kind, {layer.kind!r}, cannot "
                          f"(choose another schedule)")


def with_mode(layers):
    """Return the layers that have a mode in a schedule, a tuple."""
    return tuple(layer for layer in layers if LOWER.of(layer).has_mode)


def entry(network, pixels):
    """Return the bits of an image and of a word in front of the first layer that has a mode.

    ``pixels`` are the pixels of a beat.
    """
    first = network.first
    if LOWER.of(first).has_mode:
        return first.takes.width, pixels * network.pixel_bits
    return first.outputs, LOWER.of(first).width(first, pixels)
