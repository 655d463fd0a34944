"""sw.store.kept: what is made of a file is kept until the file is another."""

import pytest

from sw.store.files import write_text
from sw.store.kept import kept


def test_a_file_is_read_again_once_it_is_another(tmp_path):
    path, read = tmp_path / "a", []

    @kept(4)
    def content(name):
        read.append(name)
        return path.read_text()

    write_text(path, "one")
    assert (content(path), content(str(path)), len(read)) == ("one", "one", 1)
    write_text(path, "two")
    assert (content(path), len(read)) == ("two", 2)
    path.unlink()
    with pytest.raises(FileNotFoundError):
        content(path)
