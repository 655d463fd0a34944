"""Look-up networks in plain PyTorch: defines what the C++ kernels compute, and replaces them."""

from dataclasses import dataclass

import torch

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
        changed = moved = 0
        for neuron in order.tolist():
            if not self._reaches(net, layer, neuron):
                continue
            at = (net, layer, neuron, bits)
            worse = self._losses(*at, labels, 1) - self._losses(*at, labels, 0)
            wires, table = net.wires[layer][neuron], net.tables[layer][neuron]
            sums = _sums(bits[layer], wires, worse)
            best, choice = _cost(sums), None
            root = float(worse.double().square().sum().sqrt())
            least = best - (wire_bound + TRIFLE) * root
            for place in range(len(wires)):
                others = _replaced(wires, place, candidates[neuron, place])
                for tried in _best(bits[layer], others, worse, WORD * probed)[:preferred]:
                    cost = _cost(_sums(bits[layer], tried, worse))
                    if cost < best - TRIFLE * root:
                        best, choice = cost, tried
            bound = table_bound * _sums(bits[layer], wires, worse.square()).sqrt() + TRIFLE * root
            if choice is not None and best < least:
                wires.copy_(choice)
                sums, bound = _sums(bits[layer], wires, worse), TRIFLE * root
                moved += 1
            new = torch.where(sums < -bound, 1, torch.where(sums > bound, 0, table)).to(torch.uint8)
            changed += bool((new != table).any())
            table.copy_(new)
            for index in range(layer, len(net.wires)):
                bits[index + 1] = _outputs(bits[index], net.wires[index], net.tables[index])
        net.rows[layer + 1:] = [pack(part) for part in bits[layer + 1:]]
        return changed, moved

    def _reaches(self, net, layer, neuron):
        """Return whether a neuron is read, from layer to layer, up to the last one."""
        seen = torch.zeros(len(net.wires[layer]), dtype=torch.bool)
        seen[neuron] = True
        for wires in net.wires[layer + 1:]:
            seen = seen[wires.long()].any(1)
        return bool(seen.any())

    def _losses(self, net, layer, neuron, bits, labels, value):
        """Return each image's loss with a neuron's output at a value."""
        x = bits[layer + 1].clone()
        x[neuron] = value
        for wires, tables in zip(net.wires[layer + 1:], net.tables[layer + 1:], strict=True):
            x = _outputs(x, wires, tables)
        votes = x.view(len(net.members), -1, x.shape[1]).sum(1).T
        return torch.nn.functional.cross_entropy(votes * net.heat, labels, reduction="none")

    def _mixed(self, x, candidates, chances):
        """Return the value of each wire, a list of k Tensors of shape (neurons, images)."""
        return [torch.einsum("ncb,nc->nb", x[candidates[:, place].long()], chances[:, place])
                for place in range(candidates.shape[1])]


def _outputs(x, wires, tables):
    """Return the outputs of a layer, uint8 (neurons, images)."""
    return tables.gather(1, _numbers(x, wires.T.long()))


def _numbers(x, wires):
    """Return the row of the tables that inputs form, int64, for wires of shape (k, ...)."""
    return sum(x[wire].long() << place for place, wire in enumerate(wires))


def _replaced(wires, place, others):
    """Return copies of wires, each with another one at a place."""
    copies = wires.repeat(len(others), 1)
    copies[:, place] = others
    return list(copies)


def _best(x, choices, values, images):
    """Return choices of wires, the best one for the first images first."""
    return sorted(choices, key=lambda wires: _cost(_sums(x[:, :images], wires, values[:images])))


def _sums(x, wires, values):
    """Return the sums of values by row of a table, float32 (2**k,)."""
    numbers = _numbers(x, wires.long())
    sums = torch.zeros(2**len(wires), dtype=torch.float64)
    return sums.index_add_(0, numbers, values.double()).float()


def _cost(sums):
    """Return the change of the loss with the best table."""
    return float(sums.double().clamp(max=0).sum())
