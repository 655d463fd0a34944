"""Ports of a component that are those of the component around it, too."""

from amaranth.lib.wiring import In


__all__ = ["join_ports"]


def join_ports(m, inner, outer, members):
    """Connect ports of a component to those of the same names around it.

    Parameters
    ----------
    m : Module
        The module of the outer component.
    inner, outer : :class:`wiring.Component`
        A component, and the one that contains it.
    members : dict of str to Member
        Ports by name.
    """
    for name, member in members.items():
        here, there = getattr(inner, name), getattr(outer, name)
        m.d.comb += here.eq(there) if member.flow == In else there.eq(here)
