"""Counts of what layers consist of, in each kind's own words: synapses, tables, votes."""


def counted(layers):
    """Return the parts of layers together, a dict of counts by plural noun.

    Parameters
    ----------
    layers : iterable of :class:`sw.layer.kind.Layer`
        Layers. Their :attr:`sw.layer.kind.Layer.parts` are added.

    Returns
    -------
    dict of str to int
        In the order in which the layers name them.
    """
    found = {}
    for layer in layers:
        for noun, count in layer.parts.items():
            found[noun] = found.get(noun, 0) + count
    return found


def only_synapses(parts):
    """Whether parts are all synapses, because only then area per synapse is meaningful."""
    return set(parts) <= {"synapses"}


def worded(parts):
    """Return counted parts as text: ``"1,600 tables, 600 votes"``."""
    return ", ".join(f"{count:,} {noun}" for noun, count in parts.items())
