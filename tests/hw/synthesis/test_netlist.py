"""hw.synthesis.netlist: what it asks Yosys for."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

from amaranth.back import rtlil
from amaranth.lib.fifo import SyncFIFOBuffered

from hw.stream.credit import StreamBuffer
from hw.synthesis.netlist import READ_OR_WRITE, synthesize
from hw.synthesis.verilog import find_yosys
from sw.store.files import read_json


def test_a_queue_in_block_ram_takes_no_copy_of_what_is_written(tmp_path):
    queue = SyncFIFOBuffered(width=60, depth=24)
    ports = [queue.w_data, queue.w_en, queue.w_rdy, queue.r_data, queue.r_en, queue.r_rdy]
    (tmp_path / "queue.il").write_text(rtlil.convert(queue, ports=ports))

    def flip_flops(before):
        script = f"read_rtlil queue.il; {before}; synth_ice40; tee -o count.txt select -count " \
                 "t:SB_DFF*"
        subprocess.run([find_yosys(), "-q", "-p", script], cwd=tmp_path, check=True)
        return int((tmp_path / "count.txt").read_text().split()[0])

    assert flip_flops("") > 60
    assert flip_flops(READ_OR_WRITE) < 30


def test_netlists_of_two_designs_in_one_folder_do_not_mix(tmp_path):
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(lambda width: synthesize(StreamBuffer(width), "ice40", tmp_path),
                              [1, 2]))
    ports = [read_json(path)["modules"]["top"]["ports"] for path in paths]
    assert [len(each["i__payload"]["bits"]) for each in ports] == [1, 2]


def test_a_netlist_that_is_there_is_kept(tmp_path, monkeypatch):
    first = synthesize(StreamBuffer(1), "ice40", tmp_path)
    monkeypatch.setattr("hw.synthesis.netlist.write_text", None)  # the first step of a run of Yosys
    assert synthesize(StreamBuffer(1), "ice40", tmp_path) == first
