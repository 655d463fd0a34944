"""A proof: a harness whose assertions must hold, and a planted fault that must break them."""

import inspect
import json
import re
import textwrap
import threading
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module

from boards.toolchain.sources import path_of

from .formal import to_rtlil


__all__ = ["Fault", "Proof"]

SOURCE = re.compile(r"^ *attribute \\src .*\n", re.MULTILINE)  # of RTLIL
PLANTING = threading.RLock()  # held while the design has a fault, and while a proof is converted


@dataclass(frozen=True)
class Fault:
    """An edit of one function of the design, as a slip of the pen would make it.

    Attributes
    ----------
    where : str
        The function, ``"hw.stream.credit.StreamBuffer.elaborate"``.
    old, new : str
        A piece of its text that occurs once, and what takes its place.
    """

    where: str
    old: str
    new: str

    def __str__(self):
        return f"{self.where}: {' '.join(self.old.split())} → {' '.join(self.new.split())}"

    @contextmanager
    def planted(self):
        """Let the design have the fault inside the block.

        Whoever holds the function gets the fault, because the function's own code is replaced. The
        design is the process's, so conversions of proofs in other threads wait until the block
        ends. Other threads that elaborate the design by other ways would see the fault.
        """
        function = inspect.unwrap(self._find())
        source = textwrap.dedent(inspect.getsource(function))
        if source.count(self.old) != 1:
            raise ValueError(f"Fault must be in the text of {self.where} once: {self.old!r} occurs "
                             f"{source.count(self.old)} times (adapt the proof's fault)")
        made = {}
        exec(compile(source.replace(self.old, self.new), f"<fault in {self.where}>", "exec"),
             function.__globals__, made)
        wrong = inspect.unwrap(made[function.__name__]).__code__
        with PLANTING:
            right = function.__code__
            try:  # before the fault is there, so that Ctrl-C leaves none
                function.__code__ = wrong
                yield
            finally:
                function.__code__ = right

    def _find(self):
        names = self.where.split(".")
        module = next(count for count in range(len(names) - 1, 0, -1)
                      if path_of(".".join(names[:count])))
        return reduce(getattr, names[module:], import_module(".".join(names[:module])))


@dataclass(frozen=True)
class Proof:
    """Something that holds for all inputs, at stated parameters.

    Attributes
    ----------
    name : str
        By which it is called.
    claim : str
        What holds, in a sentence.
    parameters : str
        Of the component that it is proven of.
    build : callable
        Makes the harness, an elaboratable with assertions.
    fault : Fault
        What must break it.
    covers : tuple of str
        Components of hw whose streams it is about.
    method : str
        ``"pdr"`` or ``"induction"``, which hold for all time, or ``"bmc"``.
    depth : int
        Cycles: of BMC; of an induction, its k; of PDR none, but the twin's counterexample must
        not be longer.
    enough : str
        Of BMC: why the cycles are enough.
    models : tuple of str
        Verilog of cells.
    platform : object
        What the design is elaborated for.
    short : bool
        Whether it is in the short set.
    """

    name: str
    claim: str
    parameters: str
    build: Callable
    fault: Fault
    covers: tuple = ()
    method: str = "pdr"
    depth: int = 30
    enough: str = ""
    models: tuple = ()
    platform: object = field(default=None, repr=False)
    short: bool = False

    @property
    def unbounded(self):
        """Whether it holds for all time."""
        return self.method != "bmc"

    @property
    def how(self):
        """Method in a few words."""
        return {"pdr": "PDR", "induction": f"k-induction, k = {self.depth}",
                "bmc": f"BMC, {self.depth} cycles"}[self.method]

    @property
    def content(self):
        """All that the verdicts on the proof and on its planted fault depend on, as text.

        The lines that say where a statement stands in the source are left out.
        """
        texts = [SOURCE.sub("", self.text(faulty)) for faulty in (False, True)]
        return json.dumps([*texts, self.method, self.depth, self.models])

    def text(self, faulty=False):
        """RTLIL of the harness, with the fault or without."""
        with PLANTING, self.fault.planted() if faulty else nullcontext():
            return to_rtlil(self.build(), self.platform)
