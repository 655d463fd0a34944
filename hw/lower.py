"""How a layer becomes hardware: the registry of what each kind of layer can be built as."""

from sw.layer.registry import Registry


__all__ = ["LOWER", "Lowering"]


LOWER = Registry("hardware", ("hw.lowering",))  # by kind: a :class:`Lowering`


class Lowering:
    """What a kind of layer can be built as. A kind overrides what it can be."""

    def beats(self, layer, pixels):
        """Return the stage of a first layer that takes so many pixels a beat.

        The stage has ``beats``, those of an image, and ``is_wire``: whether it needs no logic.
        """
        raise self._refusal(layer, "take pixels")

    def width(self, layer, pixels):
        """Return the bits that a first layer gives for a beat of so many pixels."""
        raise self._refusal(layer, "take pixels")

    def wired(self, layer, part):
        """Return a component with ports ``x`` and ``y`` and a ``latency``, one vector per cycle.

        ``part`` is a :class:`hw.plan.schedule.Wired`, or None for a first layer.
        """
        raise self._refusal(layer, "be wired")

    def wired_latency(self, layer, part):
        """Return the latency of :meth:`wired` in cycles."""
        raise self._refusal(layer, "be wired")

    def wired_resources(self, layer, part, family, seen):
        """Return the estimated resources of :meth:`wired`.

        ``seen`` says which outputs are looked at: ndarray of bool, shape (outputs,).
        """
        raise self._refusal(layer, "be wired")

    def scheduled(self, layer, part):
        """Return the :class:`hw.stream.stage.Stage` of a layer in steps."""
        raise self._refusal(layer, "be scheduled")

    def scheduled_resources(self, layer, part, family):
        """Return the estimated resources of :meth:`scheduled`."""
        raise self._refusal(layer, "be scheduled")

    def candidates(self, layer, interval, wired, device):
        """Return how a layer can be built to keep to an interval, in cycles.

        Parameters
        ----------
        layer : sw.layer.kind.Layer
            The layer.
        interval : int
            Cycles of an image, at most.
        wired : :class:`hw.plan.schedule.Wired`
            How wired layers are built, with as many hops as this one asks for.
        device : :class:`hw.plan.device.Device`
            What it must fit.

        Returns
        -------
        list of :class:`hw.plan.schedule.Wired` and :class:`hw.plan.schedule.Scheduled`
        """
        return [wired]

    def slowest(self, layer):
        """Return the most cycles of an image that the layer can be slowed down to."""
        return 1

    def _refusal(self, layer, what):
        return ValueError(f"Layer {layer.name!r} must not {what}: its kind, {layer.kind!r}, cannot "
                          f"(choose another schedule)")
