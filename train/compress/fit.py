"""Training loop of float networks, which every method retrains with: equal seeds, equal bits."""

from math import cos, pi

import torch
from torch.nn import functional

from sw.progress import progress

from ..binarize import has_bfloat16


CHUNK = 500  # images of one evaluation step


def fit(network, train, *, epochs, rate=1e-3, batch=128, seed=0, decay=0.0, smoothing=0.0,
        masks=None, on_step=None, loss=None, augment=None, validation=None, half=False,
        what="training"):
    """Train a network in place with Adam and a rate that falls as a cosine.

    Results depend on the seed alone inside :func:`train.determinism.deterministic`.

    Parameters
    ----------
    network : nn.Module
        Gives logits (n, classes) for inputs as :func:`train.compress.data.floats` makes them.
    train : Part
        Training images.
    epochs, batch, seed : int
        Passes, images a step, seed of order, dropout and augmentation.
    rate, decay, smoothing : float
        First learning rate, weight decay (AdamW's), label smoothing.
    masks : dict of str to Tensor, or None
        Name of a parameter to a tensor of 0 and 1: where 0, the parameter is 0 after each step.
    on_step : callable, or None
        ``on_step(step, steps)`` is called after each step, masks applied.
    loss : callable, or None
        ``loss(logits, labels, inputs)``; by default cross-entropy.
    augment : callable, or None
        ``augment(inputs, generator)`` gives distorted inputs, such as :func:`shifted`.
    validation : Part or None
        Images whose accuracy is added to the history.
    half : bool
        Whether products may be of bfloat16, where the processor has it: half the time for
        convolutions. Equal seeds give equal bits on equal processors.
    what : str
        The work, for the progress.

    Returns
    -------
    list of dict
        ``loss`` and ``validation`` (accuracy in percent, or None) of each epoch.
    """
    half = half and has_bfloat16()
    parameters = dict(network.named_parameters())
    masks = masks or {}
    if unknown := set(masks) - set(parameters):
        raise ValueError(f"Masks must be of parameters of the network: {', '.join(unknown)}")
    inputs, targets = train.inputs, train.targets
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW([value for value in parameters.values() if value.requires_grad],
                                  lr=rate, weight_decay=decay)
    per_epoch = max(1, len(targets) // batch)
    steps, step, history = epochs * per_epoch, 0, []
    loss = loss or (lambda logits, labels, _: functional.cross_entropy(
        logits, labels, label_smoothing=smoothing))
    apply(parameters, masks)
    with torch.random.fork_rng([]), progress(total=steps, what=what, unit="steps",
                                             delay=1.0) as bar:
        torch.default_generator.manual_seed(seed)  # dropout
        for _ in range(epochs):
            network.train()
            order = torch.randperm(len(targets), generator=generator)
            total = 0.0
            for rows in order[:per_epoch * batch].split(batch):
                for group in optimizer.param_groups:
                    group["lr"] = rate * (1 + cos(pi * step / steps)) / 2
                shown = inputs[rows] if augment is None else augment(inputs[rows], generator)
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                    logits = network(shown)
                    value = loss(logits.float(), targets[rows], shown)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                apply(parameters, masks)
                step += 1
                if on_step is not None:
                    on_step(step, steps)
                total += float(value.detach())
                bar.update()
            _check_finite(parameters, rate)
            entry = {"loss": total / per_epoch, "validation": None}
            if validation is not None:
                entry["validation"] = accuracy(network, validation)
                bar.note(validation=f"{entry['validation']:.2f} %")
            history.append(entry)
    network.eval()
    return history


@torch.no_grad()
def apply(parameters, masks):
    """Clear the masked entries of parameters."""
    for name, mask in masks.items():
        parameters[name].mul_(mask)


def _check_finite(parameters, rate):
    for name, value in parameters.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"Training must stay finite: {name} is NaN or infinite (lower the "
                             f"rate, now {rate})")


@torch.no_grad()
def scores(network, part):
    """Return a network's outputs in evaluation mode, float32 (n, classes)."""
    network.eval()
    return torch.cat([network(chunk) for chunk in part.inputs.split(CHUNK)])


def accuracy(network, part):
    """Return the share of a part's images whose label a network gives, in percent."""
    return 100 * float((scores(network, part).argmax(1) == part.targets).float().mean())


def shifted(inputs, generator, reach=2):
    """Return a batch of pictures, each shifted by up to ``reach`` pixels each way; edges are 0."""
    rows, columns = inputs.shape[2:]
    padded = functional.pad(inputs, (reach,) * 4)
    moves = torch.randint(0, 2 * reach + 1, (len(inputs), 2), generator=generator).tolist()
    return torch.stack([image[:, down:down + rows, right:right + columns]
                        for image, (down, right) in zip(padded, moves, strict=True)])


def mirrored(inputs, generator):
    """Return a batch of pictures, half of them mirrored, each shifted: for photographs."""
    flip = torch.rand(len(inputs), generator=generator) < 0.5
    inputs = torch.where(flip[:, None, None, None], inputs.flip(3), inputs)
    return shifted(inputs, generator, reach=4)


AUGMENTS = {"none": None, "shift": shifted, "mirror": mirrored}
