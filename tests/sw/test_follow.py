"""sw.follow: events of a command, half written lines and damaged ones too."""

import json

from sw.follow import Followed


def line(**event):
    return json.dumps(event) + "\n"


def test_events_are_taken_in_as_they_come(tmp_path):
    path = tmp_path / "events"
    followed = Followed(path)
    assert followed.state() == {"command": 0, "steps": [], "now": None, "curve": [], "texts": [],
                                "error": None}
    whole = line(event="progress", step="train", done=1, share=0.5, figures={"validation": 90.0})
    path.write_text(line(event="text", text="begun") + "no event\n[1]\n" + whole[:20])
    assert followed.state()["texts"] == ["begun"]
    assert followed.state()["steps"] == []
    with open(path, "a", encoding="utf-8") as file:
        file.write(whole[20:] + line(event="done", step="pack", seconds=2.0)
                   + line(event="command", index=1) + line(event="error", text="no room"))
    state = followed.state()
    assert [(step["step"], step["share"], step["ended"]) for step in state["steps"]] == [
        ("train", 0.5, False), ("pack", None, True)]
    assert (state["now"]["step"], state["curve"], state["command"], state["error"]) == (
        "pack", [[1, None, 90.0]], 1, "no room")
