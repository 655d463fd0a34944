"""A dataset as its files hold it, before any conversion: what each form's reader returns."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(eq=False)
class Part:
    """Examples of one part: training, or test.

    Attributes
    ----------
    examples : ndarray or sequence
        Numbers of any type, shape (n, features) for rows, (n, rows, columns) or (n, rows, columns,
        1 or 3) for pictures. Or a sequence whose entries are pictures, as
        :func:`sw.data.images.decode` returns them, each read when it is asked for.
    labels : ndarray or None
        Class of each example, int64 or str, shape (n,). None if the files have no classes.
    names : sequence of str or None
        Name of each example in messages: its path. None: they are numbered.
    """

    examples: object
    labels: np.ndarray | None
    names: object = None

    def __len__(self):
        return len(self.examples)

    def of(self, rows):
        """Return the part that has these rows alone, an array of indices."""
        examples = (self.examples[rows] if isinstance(self.examples, np.ndarray)
                    else self.examples.of(rows))
        return Part(examples, None if self.labels is None else self.labels[rows],
                    None if self.names is None else [self.names[row] for row in rows])


@dataclass(eq=False)
class Raw:
    """A dataset as its files hold it.

    Attributes
    ----------
    path : Path
        File or folder of the dataset.
    form : str
        Description for people: ``"folder of pictures"``.
    train : Part
        Training part, or everything if there is no test part.
    test : Part or None
        Test part; None if the files have none.
    test_from : str
        Where the test part comes from, for people: ``"t10k-images-idx3-ubyte"``.
    label : str
        Name of a table's class column, or ``"column 5"``. Empty for others.
    columns : tuple of str
        Names of a table's columns, the class column and dropped ones left out. Empty for others.
    header : bool
        Whether a table's names come from its header line.
    places : tuple of int
        Places of ``columns`` in the file, from 0.
    width : int
        Columns of the file in all.
    categories : tuple of (tuple of str or None)
        Words of each of ``columns``, whose places the examples hold; None for a column of numbers.
        Empty if no column has words.
    class_names : tuple of str or None
        Names of classes that are numbered from 0, if the files have them.
    guessed : list of str
        Sentences on what was guessed, each with the option that changes it.
    warnings : list of str
        Sentences on what looks wrong.
    ignored : list of str
        Files that were left out because they could not be read, each with the reason.
    hidden : int
        Hidden files and folders, which were ignored.
    known : dict
        Facts of a known dataset that need no guess: ``fit``, ``colours``, ``size``,
        ``transpose``.
    """

    path: object
    form: str
    train: Part
    test: Part | None = None
    test_from: str = ""
    label: str = ""
    columns: tuple = ()
    header: bool = False
    places: tuple = ()
    width: int = 0
    categories: tuple = ()
    class_names: tuple | None = None
    guessed: list = field(default_factory=list)
    warnings: list = field(default_factory=list)
    ignored: list = field(default_factory=list)
    hidden: int = 0
    known: dict = field(default_factory=dict)
