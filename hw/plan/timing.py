"""Predicts an accelerator's latency from models of its stages' handshakes, without the data."""

__all__ = ["latency"]


def latency(stages, beats):
    """Return the cycles from an image's last beat to its answer, in an idle accelerator.

    Parameters
    ----------
    stages : dict of str to :class:`hw.stream.stage.Stage`
        Stages of the accelerator.
    beats : int
        Beats of an image, offered one per cycle.

    Returns
    -------
    int
        From the cycle in which the last beat is taken to the cycle in which the answer is valid.
    """
    models = [stage.handshake() for stage in stages.values() if stage.latency > 0]
    sent = cycle = last_beat = 0
    while not models[-1].valid:
        readies = [True]
        for model in reversed(models):
            readies.append(model.ready(readies[-1]))
        readies.reverse()
        valids = [sent < beats, *(model.valid for model in models)]
        transfers = [valid and ready for valid, ready in zip(valids, readies, strict=True)]
        if transfers[0]:
            sent += 1
            last_beat = cycle
        for model, taken, given in zip(models, transfers, transfers[1:], strict=False):
            model.tick(taken, given)
        cycle += 1
    return cycle - last_beat
