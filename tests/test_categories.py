"""A table with columns of words, from training to answers and other tables of the same kind."""

import csv
import json

import numpy as np
import pytest

from sw import checkpoint, classify, evaluate
from sw import network as networks
from sw.data.options import Options
from sw.data.testset import load_test_set
from tests.test_own_data import silent, trained


WORDS = ("tcp", "udp", "icmp")
ATTACKS = ("normal", "neptune", "smurf", "satan")
SAID = ("--group", "normal=normal", "--group", "*=attack")


def connections(path, count, seed, head=(), others=()):
    """Write rows in which word and number tell the class; ``others`` are words of more rows."""
    rng = np.random.default_rng(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if head:
            writer.writerow(head)
        for row in range(count):
            kind = row % 4
            writer.writerow([f"{rng.normal() + kind:.3f}", WORDS[kind % 3], rng.integers(9),
                             "SF" if kind else "REJ", ATTACKS[kind]])
        for word in others:
            writer.writerow(["0.5", word, 3, "SF", "normal"])
    return path


def examples(net, file, folder, *options):
    silent(classify.main, net, file, "--json", folder / "answers.json", *options)
    return json.loads((folder / "answers.json").read_text())["examples"]


@pytest.mark.parametrize("head", [(), ("load", "protocol", "count", "flag", "label")])
def test_rows_with_words_are_answered_as_they_were_trained(tmp_path, head):
    train = connections(tmp_path / "train.csv", 160, 1, head)
    test = connections(tmp_path / "new.csv", 40, 2, head, others=("gre", "gre"))
    net, said = trained(train, tmp_path / "out", "--label", "5", "--test", test, *SAID)
    assert ("test part: 2 rows have words in " + repr("protocol" if head else "column 2")
            + " that no training row has: 'gre' (2)") in said
    network = networks.load(net)
    assert (network.labels, network.input_shape) == (("attack", "normal"), (7,))
    found = examples(net, test, tmp_path, "--label", "5", *SAID)
    want = checkpoint.load(tmp_path / "out" / "net.ckpt.npz").test_scores
    np.testing.assert_array_equal([entry["scores"] for entry in found], want)
    right = sum(entry["label"] == entry["class"] for entry in found)
    assert f"test accuracy {100 * right / 42:.2f} %" in said
    assert f"accuracy {100 * right / 42:.2f} %: {right} of 42, " in silent(evaluate.main, net)


@pytest.fixture(scope="module")
def grouped(tmp_path_factory):
    """Return the table and the network of a training with words and groups."""
    folder = tmp_path_factory.mktemp("grouped")
    train = connections(folder / "train.csv", 160, 1)
    return train, trained(train, folder / "out", "--label", "5", *SAID)[0]


def test_a_row_without_a_class_is_answered(tmp_path, grouped):
    train, net = grouped
    want = examples(net, train, tmp_path, "--label", "5", *SAID)
    (tmp_path / "row.csv").write_text(train.read_text().splitlines()[6].rpartition(",")[0] + "\n")
    found, = examples(net, tmp_path / "row.csv", tmp_path)
    assert found["scores"] == want[6]["scores"]


def test_another_table_has_words_and_groups_of_the_training(tmp_path, grouped):
    other = connections(tmp_path / "other.csv", 20, 3, others=("gre",))
    test = load_test_set(networks.load(grouped[1]), other)
    assert [test.images[row, 1:4].tolist() for row in (0, 2, 20)] == [[0, 255, 0], [255, 0, 0],
                                                                      [0, 0, 0]]
    assert test.labels[:4].tolist() == [1, 0, 0, 0]
    assert test.notes[:2] == [
        "classes are grouped: normal=normal, *=attack (--group changes it)",
        "1 row has a word in 'column 2' that no training row has: 'gre' (1); all inputs of this "
        "column are 0 there"]


def test_words_are_needed_where_the_training_had_them(tmp_path, grouped):
    train, net = grouped
    np.savez(tmp_path / "set.npz", x_train=np.zeros((8, 7)), y_train=np.array(ATTACKS * 2))
    with pytest.raises(ValueError, match=r"^.*set\.npz must be a table, because the network takes "
                                         r"words of its columns \(column 2, column 4\)$"):
        load_test_set(networks.load(net), tmp_path / "set.npz",
                      Options(group=("normal=normal", "*=attack")))
    np.save(tmp_path / "rows.npy", np.zeros((2, 7)))
    with pytest.raises(ValueError, match=r"^.*rows\.npy must be a table, because the network "):
        classify.main([str(net), str(tmp_path / "rows.npy")])
    with pytest.raises(ValueError, match=r"^Options of pictures must be for a network of pictures: "
                                         r"this one takes a table with words \(leave them out\)$"):
        classify.main([str(net), str(train), "--size", "1x7"])


def test_another_table_may_lack_a_class_that_the_training_grouped(tmp_path):
    train = connections(tmp_path / "train.csv", 160, 1)
    net, _ = trained(train, tmp_path / "out", "--label", "5", "--group", "smurf=dos", "--group",
                     "neptune=dos")
    rows = [row for row in train.read_text().splitlines() if "smurf" not in row]
    (tmp_path / "other.csv").write_text("\n".join(rows) + "\n")
    assert load_test_set(networks.load(net), tmp_path / "other.csv").labels[:4].tolist() == [
        1, 0, 2, 1]


def test_numbers_for_words_and_words_for_numbers_are_refused(tmp_path, grouped):
    network = networks.load(grouped[1])
    (tmp_path / "other.csv").write_text("1.5,tcp,x,SF,normal\n1.5,tcp,y,SF,satan\n" * 9)
    with pytest.raises(ValueError, match=r"^.*other\.csv must hold numbers in 'column 3', as the "
                                         r"table of the training did$"):
        load_test_set(network, tmp_path / "other.csv")
    (tmp_path / "few.csv").write_text("1.5,3,SF,normal\n1.5,4,REJ,satan\n" * 9)
    with pytest.raises(ValueError, match=r"^.*few\.csv must have the 4 columns of the training: it "
                                         r"has 3$"):
        load_test_set(network, tmp_path / "few.csv", Options(label="4", categories=("3",)))
