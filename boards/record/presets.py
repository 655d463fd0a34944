"""Rows of the benchmark: which network, on which board, how fast."""

from dataclasses import dataclass

from sw.artefact import artefact


@dataclass(frozen=True)
class Preset:
    """One row of the benchmark.

    Attributes
    ----------
    name : str
        What the user types.
    recipe : str
        Name of the recipe that trained the network; the network in ``data/networks`` has it, too.
    board : str
        Name of the board.
    megahertz : float
        Wished clock. A build that misses it is made again at the clock that it reached.
    dataset : str
        What it is trained and tested on.
    placer_seeds : tuple of int
        Seeds of the placer to try in turn, until one meets the wished clock.
    images_per_second : float or None
        Rate that the smallest schedule is chosen for; None for the fastest that fits.
    test_images : int or None
        Only so many images in the simulation; None for all.
    """

    name: str
    recipe: str
    board: str
    megahertz: float
    dataset: str = "mnist"
    placer_seeds: tuple = (1,)
    images_per_second: float | None = None
    test_images: int | None = None

    @property
    def network(self):
        """The network's file."""
        return artefact(self.recipe)

    def asked(self, megahertz=None):
        """Return the arguments that choose the preset's schedule, ``--freq`` and perhaps a rate."""
        rate = (["--images-per-second", f"{self.images_per_second:g}"]
                if self.images_per_second else [])
        return ["--freq", f"{megahertz or self.megahertz:g}", *rate]


PRESETS = {preset.name: preset for preset in (
    # Wired: an image a cycle.
    Preset("ulx3s-85f-fast", "ulx3s-85f-fast", "ulx3s-85f", 125, placer_seeds=(2, 1)),
    Preset("ulx3s-85f-accurate", "ulx3s-85f-accurate", "ulx3s-85f", 105, placer_seeds=(1, 2)),
    Preset("ulx3s-85f-fashion", "ulx3s-85f-fashion", "ulx3s-85f", 88, dataset="fashion-mnist",
           placer_seeds=(4, 1, 2)),
    Preset("ulx3s-25f", "ulx3s-25f", "ulx3s-25f", 130, placer_seeds=(2, 1)),
    Preset("icebreaker", "icebreaker", "icebreaker", 30, placer_seeds=(1, 2, 3)),
    # Look-up: an image a cycle.
    Preset("lookup-icebreaker", "lookup-icebreaker", "icebreaker", 30, placer_seeds=(1, 2, 3)),
    Preset("lookup-25f", "lookup-25f", "ulx3s-25f", 145, placer_seeds=(1, 2, 3, 4)),
    Preset("lookup-small", "lookup-small", "ulx3s-85f", 150, placer_seeds=(2, 1)),
    Preset("lookup-85f", "lookup-85f", "ulx3s-85f", 120, placer_seeds=(1, 2)),
    # Dense: scheduled. A block RAM of ECP5 is 1,024 words of 18 bits, so that an interval of 1,024
    # cycles uses all of it: 105 MHz / 1,024 is the rate of lfc.
    Preset("tfc-icebreaker", "tfc", "icebreaker", 24),
    Preset("sfc-icebreaker", "sfc", "icebreaker", 24),
    Preset("lfc-ulx3s", "lfc", "ulx3s-85f", 105, images_per_second=102_000,
           placer_seeds=(2, 1, 3)),
    # Convolution: an image takes as many cycles as the slowest layer needs for its positions.
    Preset("mnist-conv", "mnist-conv", "ulx3s-25f", 96, placer_seeds=(2, 1, 3)),
    Preset("pocket", "pocket", "ulx3s-25f", 80, placer_seeds=(1, 2, 3)),
    Preset("cifar-icebreaker", "cifar-icebreaker", "icebreaker", 24, dataset="cifar10-jpeg",
           images_per_second=30, test_images=100),
)}

# All the steps in less than a minute: a smoke test, not a result. Its network is trained first.
QUICK = Preset("quick", "tiny", "icebreaker", 18, images_per_second=1000, test_images=300)
QUICK_TRAINING = ("--network", "tiny", "--limit", "4000", "--seed", "1")


def find(names):
    """Return presets by name, all of them if there are no names, in the order of the benchmark."""
    unknown = [name for name in names if name not in PRESETS]
    if unknown:
        raise ValueError(f"Preset must be one of {', '.join(PRESETS)}: {unknown[0]!r}")
    return [preset for preset in PRESETS.values() if not names or preset.name in names]
