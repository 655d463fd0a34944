"""hw.synthesis.netlist: what it asks Yosys for."""

import subprocess

from amaranth.back import rtlil
from amaranth.lib.fifo import SyncFIFOBuffered

from hw.synthesis.netlist import READ_OR_WRITE
from hw.synthesis.verilog import find_yosys


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
