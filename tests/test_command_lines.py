"""Command lines whose arguments cannot work end before the long part of their work."""

import pytest

from boards import build


@pytest.mark.parametrize("text", ["0", "-1", "nan", "1e400", "10000", "1/0"])
def test_build_refuses_frequencies(text, capsys):
    with pytest.raises(SystemExit) as caught:
        build.main(["icebreaker", "none.net.npz", f"--freq={text}"])
    assert caught.value.code == 2
    assert "--freq" in capsys.readouterr().err
