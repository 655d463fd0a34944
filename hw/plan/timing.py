"""Predicts an accelerator's latency from models of its stages' handshakes, without the data."""

__all__ = ["answers_early", "latency"]


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
        From the cycle in which the last beat is taken to the cycle in which the answer is valid. At
        least 1, because the accelerator holds back an answer until the last beat is taken.
    """
    last_beat, answer = _run(stages, beats)
    return max(1, answer - last_beat)


def answers_early(stages, beats):
    """Return whether an answer may come before the image's last beat, which nothing then reads.

    The arguments are those of :func:`latency`.
    """
    if beats == 1:
        return False
    _, answer = _run(stages, beats)
    return _run(stages, beats - 1, answer)[1] is not None


def _run(stages, beats, limit=None):
    """Offer some beats; return the cycles in which the last one is taken and the answer is valid.

    The answer's cycle is None if it does not come until the cycle ``limit``.
    """
    models = [stage.handshake() for stage in stages.values() if stage.latency > 0]
    sent = cycle = last_beat = 0
    answer = None
    while answer is None or sent < beats:
        if limit is not None and cycle > limit:
            break
        readies = [True]
        for model in reversed(models):
            readies.append(model.ready(readies[-1]))
        readies.reverse()
        valids = [sent < beats, *(model.valid for model in models)]
        if valids[-1] and answer is None:
            answer = cycle
        transfers = [valid and ready for valid, ready in zip(valids, readies, strict=True)]
        if transfers[0]:
            sent += 1
            last_beat = cycle
        for model, taken, given in zip(models, transfers, transfers[1:], strict=False):
            model.tick(taken, given)
        cycle += 1
    return last_beat, answer
