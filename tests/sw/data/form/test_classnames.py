import pytest

from sw.data.form.classnames import class_names


@pytest.mark.parametrize(("text", "names"), [
    ("cat\ndog\n", {3: "cat", 5: "dog"}),
    ("\ufeffcat\r\nred fox\r\n", {3: "cat", 5: "red fox"}),
    ("5,dog\n3,cat\n", {3: "cat", 5: "dog"}),
    ("class,name\n3,cat\n4,cow\n5,dog\n", {3: "cat", 5: "dog"}),
    ("3 cat\n5 red fox\n", {3: "cat", 5: "red fox"}),
    ("3 65 97\n5 98\n", {3: "A/a", 5: "b"}),
])
def test_names_of_classes_read(tmp_path, text, names):
    (tmp_path / "names.txt").write_text(text)
    assert class_names(tmp_path / "names.txt", [3, 5]) == names


@pytest.mark.parametrize(("text", "message"), [
    ("cat\n", r"must have one name for each of the 2 classes \(3, 5\): 1 lines \(or lines such as "
     r"'3,name'\)"),
    ("3,cat\n4,cow\n", r"must name every class: 5 is missing \(add a line '5,name'\)"),
    ("cat\ncat\n", r"must give each class its own name: 'cat' comes twice"),
])
def test_other_files_of_names_are_refused(tmp_path, text, message):
    path = tmp_path / "names.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=f"^{path} {message}$"):
        class_names(path, [3, 5])
