"""The LiteX system: VexRiscv, ROM, RAM, UART and a core of hw.core, for ULX3S or a simulator."""

import importlib.util
import shutil
from pathlib import Path

from litex.build.generic_platform import Pins, Subsignal
from litex.build.io import CRG
from litex.build.sim import SimPlatform
from litex.gen import LiteXModule
from litex.soc.cores.clock import ECP5PLL
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore
from litex_boards.platforms import radiona_ulx3s
from migen import ClockDomain, Signal

from sw.store.files import write_text


__all__ = ["CORE", "ROM", "SRAM", "System", "simulated", "ulx3s", "verilog"]

ROM = (0x0000_0000, 0x8000)     # origin, octets
SRAM = (0x1000_0000, 0x1000)
CORE = 0x9000_0000              # origin of the core on the bus, where nothing is cached

PINS = [("clk", 0, Pins(1)), ("serial", 0, Subsignal("tx", Pins(1)), Subsignal("rx", Pins(1)))]


class System(SoCCore):
    """A processor with the core on its bus.

    Parameters
    ----------
    platform
        Of LiteX.
    clock_hz : int
        Clock.
    crg
        Clock and reset.
    core : Path
        Folder that ``python -m hw.core --bus litex`` wrote.
    name : str
        Name of the core.
    program : list of int
        Words of the program.
    baud : int
        Of the UART.
    """

    def __init__(self, platform, clock_hz, crg, core, name, program, baud):
        self.crg = crg
        super().__init__(
            platform, clock_hz, cpu_type="vexriscv", cpu_variant="lite", uart_baudrate=baud,
            integrated_rom_size=ROM[1], integrated_rom_init=program, integrated_sram_size=SRAM[1],
            with_timer=False, ident="")
        module = imported(core / f"{name}_litex.py")
        component = getattr(module, "".join(map(str.capitalize, name.split("_"))))
        self.submodules.thresher = component(platform)
        self.bus.add_slave("thresher", self.thresher.bus,
                           SoCRegion(origin=CORE, size=component.SIZE, cached=False))
        self.irq.add("thresher", use_loc_if_exists=True)


def imported(path):
    """Return a module that is outside of all packages."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simulated(core, name, program, *, clock_hz, baud):
    """Return the system with its clock and its line as ports, for a simulator."""
    platform = SimPlatform("SIM", PINS)
    return System(platform, clock_hz, CRG(platform.request("clk")), core, name, program, baud)


class Clock(LiteXModule):
    """Clock of a ULX3S."""

    def __init__(self, platform, clock_hz):
        self.rst = Signal()
        self.cd_sys = ClockDomain()
        self.pll = pll = ECP5PLL()
        self.comb += pll.reset.eq(platform.request("rst") | self.rst)
        pll.register_clkin(platform.request("clk25"), 25e6)
        pll.create_clkout(self.cd_sys, clock_hz)
        self.comb += platform.request("wifi_gpio0").eq(1)


def ulx3s(core, name, program, *, clock_hz, device="LFE5U-25F", baud=115_200):
    """Return the system for a ULX3S."""
    platform = radiona_ulx3s.Platform(device=device, revision="2.0", toolchain="trellis")
    return System(platform, clock_hz, Clock(platform, clock_hz), core, name, program, baud)


def verilog(system, folder):
    """Write a system's Verilog, with all sources and contents of memories; return the sources."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    system.finalize()
    system.platform.finalize(system)
    converted = system.platform.get_verilog(system, name="soc")
    write_text(folder / "soc.v", converted.main_source)
    for name, content in converted.data_files.items():
        write_text(folder / name, content)
    sources = [folder / "soc.v"]
    for source, *_ in system.platform.sources:
        shutil.copy(source, folder / Path(source).name)
        sources.append(folder / Path(source).name)
    return sources
