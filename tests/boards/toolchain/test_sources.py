"""Tests of boards.toolchain.sources: what runs counts, comments do not."""

import pytest

from boards.toolchain import sources


FILES = {
    "hw/one.py": "from .two import x\nfrom sw import three\nthree.f()\n",
    "hw/two.py": '"""About two."""\nx = 1\n',
    "hw/four.py": "import hw.one\n",
    "sw/three.py": "def f():\n    import sw.five\n    return sw.five\n",
    "sw/five.py": "y = 2\n",
    "sw/inner/deep.py": "from ..near.side import s\nfrom . import sister\n",
    "sw/inner/__init__.py": "shared = 1\n",
    "sw/inner/sister.py": "t = 1\n",
    "sw/near/side.py": "from ...hw import nowhere\ns = 1\n",
    "sw/side.py": "not_this = 1\n",
    "hw/five.py": "from sw.inner.deep import s\n",
    "sw/other.py": "z = 3\n",
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A small repository; returns a function that changes a file of it."""
    monkeypatch.setattr(sources, "ROOT", tmp_path)

    def write(name, text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        sources._content.cache_clear()
        sources.imports.cache_clear()

    for name, text in FILES.items():
        write(name, text)
    return write


@pytest.mark.parametrize(("name", "text", "same"), [
    ("hw/two.py", '"""Another text."""\nx = 1  # why\n', True),
    ("hw/two.py", '"""About two."""\nx = 2\n', False),
    ("sw/three.py", 'def f():\n    """Say."""\n    import sw.five\n    return sw.five\n', True),
    ("sw/three.py", "def f():\n    import sw.five\n    return 1\n", False),
    ("sw/five.py", "y = 3\n", False),
    ("hw/one.cpp", "int main() {}\n", False),
    ("sw/other.py", "z = 4\n", True),
    ("hw/four.py", "z = 4\n", True)])
def test_only_what_is_imported_and_runs_counts(tree, name, text, same):
    before = sources.digest("hw.one")
    tree(name, text)
    assert (sources.digest("hw.one") == before) is same


@pytest.mark.parametrize(("text", "same"), [
    ("def g():\n    return 3\n", True), ("class G:\n    def f(self):\n        pass\n", True),
    ("@dataclass(frozen=True)\nclass G:\n    x: int\n", True),
    ("@register\ndef g():\n    return 3\n", False), ("def test_g():\n    pass\n", False),
    ("def g():\n    return 3\n\n\ny = g()\n", False), ("def g():\n    return g\n", True)])
def test_what_nothing_names_does_not_count(tree, text, same):
    before = sources.digest("hw.one")
    tree("sw/five.py", FILES["sw/five.py"] + text)
    assert (sources.digest("hw.one") == before) is same


def test_all_of_a_module_that_is_asked_for_counts(tree):
    before = sources.digest("sw.five")
    tree("sw/five.py", "y = 2\n\n\ndef main():\n    return y\n")
    assert sources.digest("sw.five") != before


def test_packages_may_be_modules(tree):
    before = sources.digest("hw.one", packages=("hw.one",))
    tree("hw/two.py", "x = 5\n")
    assert sources.digest("hw.one", packages=("hw.one",)) == before


def test_tests_count_where_they_are_asked_for(tree):
    tree("tests/test_x.py", "from hw.two import x\n")
    before = sources.digest("tests.test_x", packages=sources.TESTED)
    tree("tests/test_x.py", "from hw.two import x\nassert x == 1\n")
    assert sources.digest("tests.test_x", packages=sources.TESTED) != before


@pytest.mark.parametrize(("name", "same"), [
    ("sw/near/side.py", False), ("sw/inner/sister.py", False), ("sw/inner/__init__.py", False),
    ("sw/inner/deep.py", False), ("sw/side.py", True), ("sw/five.py", True)])
def test_relative_imports_are_followed_through_nested_packages(tree, name, same):
    before = sources.digest("hw.five")
    tree(name, "changed = 1\n" if name != "sw/inner/deep.py" else
         "from ..near.side import s\nfrom . import sister\nchanged = 1\n")
    assert (sources.digest("hw.five") == before) is same


def test_modules_and_packages_can_be_left_out(tree):
    before = [sources.digest("hw.one", without=("sw.three",)),
              sources.digest("hw.one", packages=("hw",))]
    tree("sw/five.py", "y = 3\n")
    assert [sources.digest("hw.one", without=("sw.three",)),
            sources.digest("hw.one", packages=("hw",))] == before
    tree("hw/two.py", "x = 5\n")
    assert sources.digest("hw.one", packages=("hw",)) != before[1]


def test_a_module_that_is_missing_is_an_error(tree):
    with pytest.raises(ValueError, match=r"^Module must be a file of this repository: 'hw\.none'$"):
        sources.digest("hw.none")
