"""int8 networks in C: golden's scores, plain and by CMSIS-NN, on this computer and on Arm."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sw.c import check
from sw.c.__main__ import main
from sw.c.int8parts import CODE
from sw.c.int8source import Int8Source
from sw.c.part import Options
from sw.c.target import TARGETS
from sw.int8 import network as files
from sw.int8.layer import KINDS, Reshape
from tests.int8 import images, networks

from .made import STRICT, assert_golden


NETWORKS = networks()
CMSIS = Path(__file__).parent / "cmsis"
CLEAN = ("-fsanitize=undefined", "-fno-sanitize-recover")


def compiled(folder, network, *flags, bits=64):
    """Compile a shared library whose identifiers begin with ``net``; return its path."""
    for name, text in Int8Source(network, "net", Options(word_bits=bits)).files().items():
        (folder / name).write_text(text, encoding="utf-8")
    done = subprocess.run(["cc", *STRICT, *flags, "-fPIC", "-shared", folder / "net.c", "-o",
                           folder / "libnet.so"], capture_output=True, encoding="utf-8",
                          check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return folder / "libnet.so"


def test_every_kind_of_layer_has_code():
    assert set(CODE) == set(KINDS.values()) - {Reshape}  # which costs nothing


@pytest.mark.parametrize("flags", [("-O3", "-march=native"), ("-O0", *CLEAN)])
@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_goldens(name, flags, tmp_path):
    network = NETWORKS[name]
    assert_golden(compiled(tmp_path, network, *flags), network, images(network, 120))


def test_words_of_32_bits_change_nothing(tmp_path):
    network = NETWORKS["maps"]
    assert_golden(compiled(tmp_path, network, "-O2", bits=32), network, images(network, 60))


def cmsis(folder, network):
    """Compile for the stand-in of CMSIS-NN, which has more parameters than are used."""
    return compiled(folder, network, "-O1", "-DUSE_CMSIS_NN", f"-I{CMSIS}",
                    "-Wno-unused-function", "-Wno-conversion", *CLEAN)


@pytest.mark.parametrize(("name", "calls"), [("maps", 6), ("vector", 2), ("sequence", 1)])
def test_cmsis_nn_is_called_with_its_arguments(name, calls, tmp_path):
    network = NETWORKS[name]
    library = cmsis(tmp_path, network)
    assert_golden(library, network, images(network, 30))
    assert ctypes.c_int.in_dll(ctypes.CDLL(str(library)), "cmsis_calls").value == calls * 60


@pytest.mark.parametrize(("setting", "calls"), [("cmsis_refuses", 6), ("cmsis_wants", 3)])
def test_plain_c_computes_where_cmsis_nn_does_not(setting, calls, tmp_path):
    network = NETWORKS["maps"]
    library = cmsis(tmp_path, network)
    loaded = ctypes.CDLL(str(library))
    ctypes.c_int32.in_dll(loaded, setting).value = 10**6
    assert_golden(library, network, images(network, 10))
    assert ctypes.c_int.in_dll(loaded, "cmsis_calls").value == calls * 20


def test_single_rounding_is_refused(tmp_path):
    for name, text in Int8Source(NETWORKS["vector"], "net", Options()).files().items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(["cc", "-c", tmp_path / "net.c", f"-I{CMSIS}", "-DUSE_CMSIS_NN",
                           "-DCMSIS_NN_USE_SINGLE_ROUNDING", "-o", tmp_path / "net.o"],
                          capture_output=True, encoding="utf-8", check=False)
    assert done.returncode
    assert "This network rounds twice: build CMSIS-NN without" in done.stderr


def test_probabilities_are_the_softmax_of_the_scores(tmp_path):
    network = NETWORKS["sequence"]
    library = ctypes.CDLL(str(compiled(tmp_path, network, "-O2")))
    for scores in ([3, -90, 120], [-128, -128, -128], [127, 126, 127]):
        given = np.array(scores, np.int32)
        shares = np.zeros(3, np.float32)
        library.net_probabilities(given.ctypes.data_as(ctypes.c_void_p),
                                  shares.ctypes.data_as(ctypes.c_void_p))
        exact = np.exp((given - given.max()) * network.layers[-1].scale)
        assert np.abs(shares - exact / exact.sum()).max() < 1e-6


def test_only_libraries_with_floats_say_so(tmp_path):
    for name, floats in (("vector", False), ("sequence", True)):
        header = Int8Source(NETWORKS[name], "net", Options()).files()["net.h"]
        assert ("without floats" not in header) == floats
        assert ("net_probabilities" in header) == floats


def test_layers_share_memory_once_their_values_are_read():
    network = NETWORKS["maps"]
    source = Int8Source(network, "net", Options())
    spans = {name: range(place, place + source.size(name))
             for name, place in source.places.items()}
    assert source.memory["values"] == max(span.stop for span in spans.values())
    assert source.memory["values"] < sum(map(len, spans.values()))
    for place, layer in enumerate(network.layers):
        later = {name for other in network.layers[place:] for name in other.inputs}
        kept = {source.aliases[name] for name in later | {layer.name}
                if source.aliases[name] in [before.name for before in network.layers[:place + 1]]}
        spots = [octet for name in kept for octet in spans[name]]
        assert len(spots) == len(set(spots)), layer.name


@pytest.mark.parametrize(("target", "name"), [
    ("cortex-a", "maps"), ("cortex-m", "maps"), ("cortex-m", "sequence")])
def test_arm_gives_goldens_scores(target, name, tmp_path):
    network = NETWORKS[name]
    files.save(tmp_path / "n.int8.npz", network)
    main([str(tmp_path / "n.int8.npz"), "--target", target, "--kind", "program"])
    program = tmp_path / f"n-{target}" / ("n.elf" if target == "cortex-m" else "n")
    many = images(network, 200)
    check.compare(network, many, check.program_scores(TARGETS[target], program, many,
                                                      network.classes))
    done = subprocess.run(["make", "-B", "program"], cwd=program.parent, capture_output=True,
                          encoding="utf-8", check=True)
    assert "-Wconversion" in done.stdout
    assert done.stderr == ""


def test_lanes_are_refused(tmp_path):
    files.save(tmp_path / "n.int8.npz", NETWORKS["vector"])
    with pytest.raises(ValueError, match=r"^Network must be of bits for --batch lanes: this one "
                                         r"has int8 values \(--batch loop\)$"):
        main([str(tmp_path / "n.int8.npz"), "--batch", "lanes"])
    assert not (tmp_path / "n-host").exists()
