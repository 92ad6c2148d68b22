"""The log of a line."""

from __future__ import annotations

import json

from diskchain.operations.exchange import WHOLE_ANSWERS, Entry, Exchange
from diskchain.operations.probing import probe_name

EVERYTHING = frozenset({"command", "reply", "error", "event", "greeting"})


def filled() -> Exchange:
    log = Exchange()
    log.add("recv", {"QMP": {"version": {}}}, 0.0)
    log.add("send", {"execute": "query-jobs", "id": "1"}, 1.0)
    log.add("send", {"execute": "block-commit", "arguments": {"device": "top", "speed": 5}, "id": "2"}, 2.0)
    log.add("recv", {"return": [], "id": "1"}, 2.5)
    log.add("recv", {"error": {"class": "GenericError", "desc": "Node 'top' is busy"}, "id": "2"}, 3.0)
    log.add("recv", {"event": "BLOCK_JOB_READY", "data": {"device": "j"}}, 4.0)
    return log


def names(found: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.kind, entry.name) for entry in found]


def test_answers_find_their_commands() -> None:
    entries = list(filled().entries)
    assert names(entries) == [
        ("greeting", "greeting"), ("command", "query-jobs"), ("command", "block-commit"), ("reply", "query-jobs"),
        ("error", "block-commit"), ("event", "BLOCK_JOB_READY"),
    ]  # fmt: skip
    assert [entry.seconds for entry in entries] == [None, None, None, 1.5, 1.0, None]
    assert entries[2].as_shell() == "block-commit device=top speed=5"
    assert entries[4].as_shell() is None
    assert json.loads(entries[2].as_json())["arguments"] == {"device": "top", "speed": 5}


def test_a_filter() -> None:
    log = filled()
    assert len(list(log.chosen("", EVERYTHING, True))) == 6
    assert names(list(log.chosen("", EVERYTHING, False))) == [
        ("greeting", "greeting"), ("command", "block-commit"), ("error", "block-commit"), ("event", "BLOCK_JOB_READY"),
    ]  # fmt: skip
    assert names(list(log.chosen("BUSY", EVERYTHING, False))) == [("error", "block-commit")]
    assert names(list(log.chosen("", frozenset({"event"}), True))) == [("event", "BLOCK_JOB_READY")]
    assert names(list(log.chosen("", EVERYTHING, True, after=5))) == [("event", "BLOCK_JOB_READY")]


def test_a_refusal_that_was_wanted_is_no_error() -> None:
    log = Exchange()
    for node in (probe_name(3, 0, "c0ffee"), "mine-probe"):
        log.add(
            "send", {"execute": "blockdev-add", "arguments": {"driver": "file", "node-name": node}, "id": node}, 1.0
        )
        log.add("recv", {"error": {"class": "GenericError", "desc": "No such file"}, "id": node}, 2.0)
    assert [(entry.kind, entry.wanted) for entry in log.entries if not entry.sent] == [
        ("reply", True),
        ("error", False),
    ]


def test_it_is_bounded() -> None:
    log = Exchange(looks=500)
    for number in range(1000):
        log.add("send", {"execute": "query-block", "id": number}, number)
        log.add("recv", {"return": [{}] * 1000, "id": number}, number)
    assert len(log.entries) == 500
    whole = [entry for entry in log.entries if entry.kind == "reply" and entry.message is not None]
    assert len(whole) == WHOLE_ANSWERS
    assert whole[-1].line == '{"return": 1000 items}'
    assert next(entry for entry in log.entries if entry.message is None).line == "(answer no longer kept)"
    for number in range(5000):
        log.add("send", {"execute": "stop", "id": f"unanswered {number}"}, number)
    assert len(log._asked) <= 1001


def test_looks_push_nothing_else_out() -> None:
    log = Exchange(kept=3, looks=4)
    log.add("send", {"execute": "block-commit", "id": "c"}, 0.0)
    for number in range(50):
        log.add("send", {"execute": "query-block", "id": number}, number)
        log.add("recv", {"return": [], "id": number} if number else {"error": {"desc": "no"}, "id": number}, number)
    kept = list(log.entries)
    assert names(kept) == [
        ("command", "block-commit"), ("error", "query-block"), *[("command", "query-block"), ("reply", "query-block")] * 2
    ]  # fmt: skip
    assert [entry.number for entry in kept] == [1, 3, 98, 99, 100, 101]
    assert log.newest == 101
    assert log.holds(kept[2])


def test_what_no_server_should_send() -> None:
    log = Exchange()
    for message in ({}, {"return": None}, {"id": 7, "return": 1}, {"event": 3}, {"error": "x"}):
        assert isinstance(log.add("recv", message, 0.0).line, str)
    assert log.add("send", {}, 0.0).as_shell() is None
