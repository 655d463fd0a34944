"""Windows in C: the geometry of a layer, and statements at each of its positions."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Geometry:
    """The constant that tells the kernel ``view`` how windows lie in a map.

    Attributes
    ----------
    name : str
        Identifier.
    numbers : tuple of int
        Rows and columns of the map and of a window, stride, padding, positions in a row.
    octets : str
        C expression of the octets of a position.
    """

    name: str
    numbers: tuple
    octets: str
    ctype = "geometry"

    @property
    def text(self):
        """The definition in C."""
        numbers = ", ".join(map(str, self.numbers))
        return f"static const geometry {self.name} = {{{numbers}, {self.octets}}};\n"


def geometry(layer, name, channels, value="1"):
    """Return the :class:`Geometry` of a layer with windows.

    Parameters
    ----------
    layer : sw.layer.window.Windowed
        The layer.
    name : str
        The layer's name.
    channels : int
        Values of a position.
    value : str
        C expression of the octets of a value.
    """
    return Geometry(f"table_{name}_geometry",
                    (layer.height, layer.width, *layer.kernel, layer.stride, layer.padding,
                     layer.positions[1]), f"{channels} * {value}")


def at_each(layer, shape, call, window, outside):
    """Return statements that compute each position from its window.

    Parameters
    ----------
    layer : sw.layer.window.Windowed
        The layer.
    shape : Geometry
        Its geometry.
    call : str
        Statements for one window, with ``{x}`` and ``{y}``.
    window : str
        Array that a window is copied to.
    outside : int
        Octet of what lies outside the map.
    """
    inner = call.format(x=window, y=f"{{y}} + {layer.made} * at")
    lines = "\n".join(f"    {line}" for line in
                      [f"view(&{shape.name}, at, {{x}}, {outside}, {window});",
                       *inner.splitlines()])
    return f"for (size_t at = 0; at < {layer.vectors}; at++) {{{{\n{lines}\n}}}}"
