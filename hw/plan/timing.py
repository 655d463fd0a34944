"""Predicts an accelerator's latency: a model of its handshakes, without the data."""

__all__ = ["latency"]


def latency(stages, beats):
    """Cycles from the last beat of an image to its answer, in an accelerator that was idle.

    Parameters
    ----------
    stages : dict of str to :class:`hw.stream.stage.Stage`
        Stages of the accelerator.
    beats : int
        Beats of an image, offered one per cycle.

    Returns
    -------
    int
        From the cycle in which the last beat is taken to the one in which the answer is valid.
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
