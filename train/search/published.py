"""Published networks of a board, weighed as those of a search are."""

from dataclasses import dataclass

from boards.record.presets import PRESETS
from sw import network as networks


@dataclass(frozen=True)
class Published:
    """A network of ``data/networks`` on the board of the search.

    Attributes
    ----------
    name : str
        Its name.
    accuracy, test_accuracy : float or None
        Of its training, in percent.
    lut4, rate : float
        At the clock of the search.
    """

    name: str
    accuracy: float | None
    test_accuracy: float | None
    lut4: float
    rate: float


def of_board(hardware, dataset):
    """Return the published networks of a dataset for a board that fit it at the search's clock."""
    found = {}
    for preset in PRESETS.values():
        if (preset.board, preset.dataset) != (hardware.board.name, dataset) \
                or preset.recipe in found or not preset.network.exists():
            continue
        network = networks.load(preset.network)
        figures = hardware.figures(network)
        if figures.fits:
            said = network.provenance
            found[preset.recipe] = Published(
                preset.recipe, said.get("validation_accuracy"), said.get("test_accuracy"),
                figures.lut4, figures.rate)
    return list(found.values())
