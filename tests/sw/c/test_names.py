"""Identifiers, C texts, and types of tables."""

import numpy as np
import pytest

from sw.c.names import identifier, literal
from sw.c.part import Table, index_type, kernel
from sw.c.source import narrowest


@pytest.mark.parametrize(("name", "made"), [
    ("tfc", "tfc"), ("lookup-25f", "lookup_25f"), ("25f", "net_25f"), ("_x", "net__x"),
    ("größe", "gr__e"), ("", "net_"), ("a" * 50, "a" * 40)])
def test_identifiers_are_valid_c(name, made):
    assert identifier(name) == made


def test_texts_are_escaped():
    assert literal('a"b\\?é') == '"a\\042b\\134\\077\\303\\251"'


def test_tables_are_lines_of_c():
    text = Table("t", "word", np.array([1, 2**64 - 1], np.uint64)).text
    assert text == "static const word t[2] = {\n    0x1u, 0xffffffffffffffffu\n};\n"
    assert max(map(len, Table("t", "uint16_t", np.arange(999)).text.splitlines())) <= 92


@pytest.mark.parametrize(("low", "high", "ctype"), [
    (0, 255, "uint8_t"), (-1, 127, "int8_t"), (-1, 128, "int16_t"), (0, 65536, "int32_t"),
    (-40000, 40000, "int32_t")])
def test_types_are_as_narrow_as_the_values(low, high, ctype):
    assert narrowest([Table("t", "limit", np.array([low, high]))]) == ctype


def test_too_large_values_are_refused():
    with pytest.raises(ValueError, match=r"^Values of a table must fit into 32 bits: -1\.\."
                                         r"4294967296$"):
        narrowest([Table("t", "limit", np.array([-1, 2**32]))])


def test_kernels_take_their_types():
    text = kernel("look_up uint16 uint64")
    assert "look_up_uint64_uint16(" in text.replace("\n", "")
    assert "INDEX" not in text
    assert "VALUE" not in text
    assert (index_type(2**16), index_type(2**16 + 1)) == ("uint16", "uint32")
