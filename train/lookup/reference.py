"""Look-up networks in plain PyTorch: defines what the C++ kernels compute, and replaces them."""

from dataclasses import dataclass

import torch
from torch.nn import functional

from .packed import WORD, pack, unpack


TRIFLE = 1e-4  # of the root of a sum of squares: more than rounding


@dataclass
class Net:
    """A network of tables and its rows for packed images, which :meth:`Reference.descend` changes.

    Attributes
    ----------
    wires : list of Tensor of int32, shape (neurons, k)
        Inputs of each layer's tables.
    tables : list of Tensor of uint8, shape (neurons, 2**k)
        Bit of each row of the tables, where input 0 is the lowest bit of the row's number.
    rows : list of Tensor of int64, shape (inputs, words)
        Bits of the encoder and outputs of each layer, 64 images a word.
    members : Tensor of int64, shape (classes, words)
        Images of each class.
    heat : float
        Factor on the number of votes of a class before softmax.
    """

    wires: list
    tables: list
    rows: list
    members: torch.Tensor
    heat: float


class Reference:
    """The kernels in PyTorch."""

    def look_up(self, x, candidates, chances, tables):
        """Return tables at mixed inputs, by multilinear interpolation.

        Parameters
        ----------
        x : Tensor of float32, shape (inputs, images)
            Inputs in 0..1. The number of images is a multiple of 32.
        candidates : Tensor of int32, shape (neurons, k, candidates)
            Inputs that each wire may come from.
        chances : Tensor of float32, shape of ``candidates``
            Weights of the candidates in the mixture.
        tables : Tensor of float32, shape (neurons, 2**k)
            Values of the tables.

        Returns
        -------
        Tensor of float32, shape (neurons, images)
        """
        part = tables[:, :, None]
        for mixed in reversed(self._mixed(x, candidates, chances)):
            half = part.shape[1] // 2
            part = part[:, :half] + mixed[:, None] * (part[:, half:] - part[:, :half])
        return part[:, 0]

    def gradients(self, x, candidates, chances, tables, gradient, *, inputs):
        """Return gradients of :meth:`look_up` for tables, chances and, if wanted, inputs.

        A candidate of chance 0 gets no gradient, and neither does a wire's only other one.
        """
        leaves = [part.detach().requires_grad_() for part in (tables, chances, x)]
        with torch.enable_grad():
            outputs = self.look_up(leaves[2], candidates, leaves[1], leaves[0])
        of_tables, of_chances, of_inputs = torch.autograd.grad(outputs, leaves, gradient)
        open_ = (chances != 0) & ((chances != 0).sum(2, keepdim=True) > 1)
        return of_tables, of_chances * open_, of_inputs if inputs else None

    def evaluate(self, rows, wires, tables):
        """Return the outputs of a layer, int64 (neurons, words), for packed inputs."""
        return pack(_outputs(unpack(rows), wires, tables))

    def descend(self, net, layer, order, candidates, *, probed, preferred, table_bound, wire_bound):
        """Improve tables and wires of one layer, neuron by neuron, by the exact change of the loss.

        For every image the loss with the neuron at 1 minus the loss with the neuron at 0 is summed
        by row of its table. A bit becomes 1 where the sum is negative and 0 where it is positive,
        unless the sum is within its noise. Before that the best candidate replaces a wire if it
        lowers the loss by more than noise. Some of the images tell which candidates are tried.

        Parameters
        ----------
        net : Net
            The network, which is changed.
        layer : int
            Layer to improve.
        order : Tensor of int32, shape (turns,)
            Neurons to improve, in this order.
        candidates : Tensor of int32, shape (neurons, k, candidates)
            Inputs to look at in place of each wire.
        probed, preferred : int
            Words of images that choose among them; number that is tried with all images.
        table_bound, wire_bound : float
            Noise that a sum must exceed, in parts of the root of its sum of squares.

        Returns
        -------
        tuple of int
            Neurons of changed tables, and changed wires.
        """
        bits = [unpack(rows) for rows in net.rows]
        labels = unpack(net.members).argmax(0)
        votes = bits[-1].view(len(net.members), -1, len(labels)).sum(1, dtype=torch.float32).T
        at = _At(net, layer, bits, votes.contiguous(), labels)
        changed = moved = 0
        for neuron in order.tolist():
            reached = at.reached(neuron)
            if not len(reached[-1]):
                continue
            wires, table = net.wires[layer][neuron], net.tables[layer][neuron]
            worse = at.differences(neuron, reached)
            sums, root = _sums(bits[layer], wires, worse), float(worse.double().norm())
            noise = table_bound * _sums(bits[layer], wires, worse.square()).sqrt()
            best = cost = _cost(sums)
            for place, offered in enumerate(candidates[neuron]):
                few = _costs(bits[layer][:, :WORD * probed], wires, place, offered, worse)
                tried = offered[few.argsort(stable=True)[:preferred]]
                costs = _costs(bits[layer], wires, place, tried, worse).tolist()
                for wire, value in zip(tried.tolist(), costs, strict=True):
                    if value < best - TRIFLE * root:
                        best, choice = value, (place, wire)
            if best < cost - (wire_bound + TRIFLE) * root:
                wires[choice[0]] = choice[1]
                sums, noise = _sums(bits[layer], wires, worse), 0
                moved += 1
            noise = noise + TRIFLE * root
            new = torch.where(sums < -noise, 1, torch.where(sums > noise, 0, table)).to(torch.uint8)
            changed += bool((new != table).any())
            table.copy_(new)
            at.put(_outputs(bits[layer], wires[None], table[None])[0], reached)
        net.rows[layer + 1:] = [pack(part) for part in bits[layer + 1:]]
        return changed, moved

    def _mixed(self, x, candidates, chances):
        """Return the value of each wire, a list of k Tensors of shape (neurons, images)."""
        return [torch.einsum("ncb,nc->nb", x[candidates[:, place].long()], chances[:, place])
                for place in range(candidates.shape[1])]


@dataclass
class _At:
    """A layer in descent: a network, its unpacked bits by layer, votes and labels by image."""

    net: Net
    layer: int
    bits: list
    votes: torch.Tensor
    labels: torch.Tensor

    def reached(self, neuron):
        """Return the neuron, and the neurons of each later layer that it reaches."""
        reached = [torch.tensor([neuron], dtype=torch.int32)]
        for wires in self.net.wires[self.layer + 1:]:
            reached.append(torch.isin(wires, reached[-1]).any(1).nonzero()[:, 0].int())
        return reached

    def put(self, row, reached):
        """Make a row the output of the first of the neurons, with all that follows from it."""
        group = len(self.bits[-1]) // len(self.net.members)
        for index, neurons in enumerate(reached, self.layer):
            new = row[None]
            if index > self.layer:
                new = _outputs(self.bits[index], self.net.wires[index][neurons],
                               self.net.tables[index][neurons])
            if index + 1 == len(self.net.wires):
                change = new.float() - self.bits[-1][neurons]
                self.votes.index_add_(1, neurons // group, change.T)
            self.bits[index + 1][neurons] = new

    def differences(self, neuron, reached):
        """Return each image's loss with the neuron at 1 minus its loss with the neuron at 0."""
        now = self.bits[self.layer + 1][neuron].clone()
        losses = []
        for row in (now ^ 1, now):
            self.put(row, reached)
            losses.append(functional.cross_entropy(self.votes * self.net.heat, self.labels,
                                                   reduction="none"))
        return (losses[1] - losses[0]) * (2.0 * now - 1)


def _outputs(x, wires, tables):
    """Return the outputs of a layer, uint8 (neurons, images)."""
    return tables.gather(1, _numbers(x, wires.T.long()))


def _numbers(x, wires):
    """Return the row of the tables that inputs form, int64, for wires of shape (k, ...)."""
    return sum(x[wire].long() << place for place, wire in enumerate(wires))


def _costs(x, wires, place, offered, worse):
    """Return the cost with each of the offered inputs at a place, for the first images."""
    images = x.shape[1]
    others = torch.cat([wires[:place], wires[place + 1:]]).long()
    rows = _numbers(x, others) if len(others) else torch.zeros(images, dtype=torch.int64)
    parts = torch.zeros((2**len(others), images)).scatter_(0, rows[None], worse[None, :images])
    ones = parts @ x[offered.long()].float().T
    zeros = parts.sum(1, keepdim=True) - ones
    return (ones.clamp(max=0) + zeros.clamp(max=0)).sum(0)


def _sums(x, wires, values):
    """Return the sums of values by row of a table, float32 (2**k,)."""
    numbers = _numbers(x, wires.long())
    sums = torch.zeros(2**len(wires), dtype=torch.float64)
    return sums.index_add_(0, numbers, values.double()).float()


def _cost(sums):
    """Return the change of the loss with the best table."""
    return float(sums.double().clamp(max=0).sum())
