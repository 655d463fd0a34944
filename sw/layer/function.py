"""Functions of up to six bits as truth tables, without the inputs that do not matter."""

from dataclasses import dataclass


# By the place of an input: a table of 64 rows that is 1 where the input is 0.
WHERE_LOW = tuple(sum(1 << row for row in range(64) if not row >> place & 1) for place in range(6))


@dataclass(frozen=True, order=True)
class Function:
    """A function of up to six bits.

    Attributes
    ----------
    inputs : tuple of int
        Indices of the bits that the function reads.
    table : int
        Bit ``row`` is the function's value where its inputs, the first one lowest, form the number
        ``row``.
    """

    inputs: tuple
    table: int

    @property
    def rows(self):
        """Number of rows of the table."""
        return 2**len(self.inputs)

    @property
    def value(self):
        """The value of a constant function, 0 or 1; None if it reads an input."""
        return None if self.inputs else self.table

    def value_at(self, row):
        """Return the value at a row of the table, 0 or 1."""
        return self.table >> row & 1

    def inverted(self):
        """Return the function that always gives the opposite."""
        return Function(self.inputs, self.table ^ (2**self.rows - 1))

    def substituted(self, known):
        """Return the least function that is equal if some inputs are known.

        Parameters
        ----------
        known : dict of int to (int or None, int)
            By input: the bit that is equal to the input or its opposite, and 0 or 1 for that. Of a
            constant input, None and its value. Other inputs stay.

        Returns
        -------
        Function
            Its inputs ascend, and the value depends on each of them.
        """
        places = [known.get(number, (number, 0)) for number in self.inputs]
        inputs = tuple(sorted({number for number, _ in places if number is not None}))
        rank = {number: place for place, number in enumerate(inputs)}
        table = 0
        for row in range(2**len(inputs)):
            own = 0
            for place, (number, flip) in enumerate(places):
                bit = flip if number is None else row >> rank[number] & 1 ^ flip
                own |= bit << place
            table |= self.value_at(own) << row
        return Function(inputs, table)._without_idle()

    def least(self):
        """Return the equal function that reads each input that matters once, in order."""
        return self.substituted({})

    def fixed(self, place, value):
        """Return the function of the other inputs if the input at a place is constant."""
        low = 2**place
        rows = [row for row in range(self.rows) if (row // low & 1) == value]
        table = sum(self.value_at(row) << index for index, row in enumerate(rows))
        return Function(self.inputs[:place] + self.inputs[place + 1:], table)

    def _without_idle(self):
        """Return the function without the inputs on which its value does not depend."""
        function = self
        for place in reversed(range(len(self.inputs))):
            differs = (function.table ^ function.table >> 2**place) & WHERE_LOW[place]
            if not differs:
                function = function.fixed(place, 0)
        return function
