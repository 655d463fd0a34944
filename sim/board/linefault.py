"""Faults of the line between host and board, from a seed."""

from collections import Counter

from .octetboard import ERROR, GAP


# Kinds of faults by direction, with their weights; in the docstrings of Faults what they are.
COMMON = {"flip": 6, "burst": 3, "lose": 4, "insert": 4, "duplicate": 3, "truncate": 3,
          "repeat": 2, "noise": 2}
DOWNWARD = {**COMMON, "stop bit": 3, "gap": 3}
UPWARD = {**COMMON, "split": 3, "delay": 2}
MILLISECOND = 1e-3


class Faults:
    """A line that spoils some of what passes.

    ``flip`` is one bit; ``burst`` up to 32 bits in a row, any of them; ``lose``, ``insert`` and
    ``duplicate`` one octet; ``truncate`` the rest of what is sent; ``repeat`` all of it twice;
    ``noise`` up to 20 random octets before it; ``stop bit`` an octet that the board receives with a
    wrong one; ``gap`` rests between octets; ``split`` octets that reach the host in pieces;
    ``delay`` an answer that is late, also later than the host waits for it.

    Parameters
    ----------
    rng : random.Random
        Source of all that is random.
    rate : float
        Share of what is sent that has a fault, by direction; a fifth of it has two.

    Attributes
    ----------
    counts : Counter
        Faults so far, by direction and kind.
    """

    def __init__(self, rng, rate):
        self.rng = rng
        self.rate = rate
        self.on = True
        self.counts = Counter()
        self._kinds = {name: ([*kinds], [*kinds.values()])
                       for name, kinds in (("down", DOWNWARD), ("up", UPWARD))}

    def downward(self, octets):
        """Return octets for :class:`sim.board.octetboard.Line`'s model: a list of words."""
        words = list(octets)
        for kind in self._chosen("down"):
            if not words:
                break
            if kind == "stop bit":
                words[self.rng.randrange(len(words))] |= ERROR
            elif kind == "gap":
                for _ in range(self.rng.randint(1, 4)):
                    place = self.rng.randrange(len(words))
                    words[place] = words[place] & (1 << GAP) - 1 | self.rng.randint(1, 3000) << GAP
            else:
                words = self._spoil(kind, words)
        return words

    def upward(self, octets):
        """Return what reaches the host: a list of (seconds later, octets)."""
        words, later, pieces = list(octets), 0.0, 1
        for kind in self._chosen("up"):
            if kind == "split":
                pieces = self.rng.randint(2, 5)
            elif kind == "delay":
                later = self.rng.uniform(0.1, 2.5)
            elif words:
                words = self._spoil(kind, words)
        octets = bytes(words)
        places = sorted(self.rng.randint(0, len(octets)) for _ in range(pieces - 1))
        return [(later if not start else self.rng.random() * 20 * MILLISECOND, octets[start:end])
                for start, end in zip([0, *places], [*places, len(octets)], strict=True)
                if end > start]

    def _chosen(self, direction):
        """Return the kinds of faults that happen now, and count them."""
        if not self.on or self.rng.random() >= self.rate:
            return ()
        kinds, weights = self._kinds[direction]
        chosen = self.rng.choices(kinds, weights, k=2 if self.rng.random() < 0.2 else 1)
        for kind in chosen:
            self.counts[f"{direction} {kind}"] += 1
        return chosen

    def _spoil(self, kind, words):
        """Return words with a fault of a kind both directions have; marks and rests stay."""
        rng = self.rng
        place = rng.randrange(len(words))
        if kind == "flip":
            words[place] ^= 1 << rng.randrange(8)
        elif kind == "burst":
            bits = rng.getrandbits(32) | 1
            for index, word in enumerate(words[place:place + 4]):
                words[place + index] = word ^ (bits >> 8 * index & 0xff)
        elif kind == "lose":
            del words[place]
        elif kind == "insert":
            words.insert(place, rng.randrange(256))
        elif kind == "duplicate":
            words.insert(place, words[place])
        elif kind == "truncate":
            del words[place:]
        elif kind == "repeat":
            words = words + words
        elif kind == "noise":
            words = [*rng.randbytes(rng.randint(1, 20)), *words]
        return words
