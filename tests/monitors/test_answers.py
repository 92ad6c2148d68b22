"""An answer is told from the one before only where it is exactly what decoding it would give."""

from __future__ import annotations

import asyncio
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diskchain.monitors import answers
from diskchain.monitors.answers import Answers
from diskchain.monitors.decode import NotQmpError

nodes = st.dictionaries(
    st.text(alphabet='ab"[]{},: \\é\n', max_size=4),
    st.recursive(st.integers() | st.text(alphabet='x"{}[], \\', max_size=5), st.lists, max_leaves=4),
    max_size=3,
)


class Talk:
    """One conversation: the same question again and again."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.number = 0

    def ask(self, body: str, name: str = "query-named-block-nodes", **arguments: object) -> object:
        """What a question gives that is answered with this text."""
        self.number += 1
        number = f"__qmp#{self.number:05}"
        self.answers.asked({"execute": name, "arguments": arguments, "id": number})
        line = f'{{"return": {body}, "id": "{number}"}}\r\n'.encode()
        told = asyncio.run(self.answers.decoded(line))
        assert told["id"] == number
        return told["return"]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_LISTS", 2)


@given(st.lists(st.lists(nodes, max_size=6), min_size=2, max_size=5), st.booleans())
def test_any_row_of_answers_is_decoded_as_if_each_stood_alone(told: list[list[object]], ascii_only: bool) -> None:
    answers._LISTS, before = 2, answers._LISTS
    try:
        talk = Talk()
        for one in told:
            assert talk.ask(json.dumps(one, ensure_ascii=ascii_only)) == one
    finally:
        answers._LISTS = before


def test_small_changes_of_a_long_list_at_any_place() -> None:
    chance = random.Random(3)
    told = [{"node-name": f"n{number}", "size": number % 3, "in": {"a": [1, {}]}} for number in range(60)]
    talk = Talk()
    for _ in range(400):
        act, at = chance.choice("isdr"), chance.randrange(len(told) + 1)
        if act == "i":
            told.insert(at, {"node-name": "n1", "size": chance.randrange(3)})
        elif act == "r" and told:
            told[:at] = told[:at][: chance.randrange(3)]
        elif at < len(told):
            if act == "s":
                told[at] = {**told[at], "size": chance.choice([0, 1, 10**9, "}, {", '"'])}
            else:
                del told[at]
        assert talk.ask(json.dumps(told)) == told


def test_what_is_the_same_is_the_same_object() -> None:
    told = [{"node-name": f"n{number}", "size": 1} for number in range(9)]
    talk = Talk()
    first = talk.ask(json.dumps(told))
    assert talk.ask(json.dumps(told)) is first
    told[4] = {"node-name": "n4", "size": 22}
    second = talk.ask(json.dumps(told))
    assert isinstance(first, list)
    assert isinstance(second, list)
    assert [one is other for one, other in zip(first, second, strict=True)] == [at != 4 for at in range(9)]
    assert talk.ask(json.dumps(told[:-1])) == told[:-1]


def test_each_question_has_its_own_answers() -> None:
    talk = Talk()
    assert talk.ask('[{"a": 1}]', flat=True) == [{"a": 1}]
    assert talk.ask('[{"a": 2}]', flat=False) == [{"a": 2}]
    assert talk.ask('[{"a": 1}]', "query-block") == [{"a": 1}]
    assert talk.ask('{"a": 1}', "block-commit") == {"a": 1}
    assert not any(question.startswith("block-commit") for question in talk.answers._known)


@pytest.mark.parametrize(
    "body",
    [
        '[{"a": 1}, {"b": 2}, ]', '[, {"a": 1}]', '[{"a": 1}{"b": 2}]', '[{"a": 1}, , {"b": 2}]', '[{"a": 1} {"b": 2}]',
        '[{"a": 1}, {"b": 2}]]', '[{"a": 1}, {"b": 2}], "error": {}', '[{"a": 1}, {"b": }]', '[{"a": 1}, {"b": 2}',
    ],
)  # fmt: skip
def test_what_is_malformed_is_refused_as_ever(body: str) -> None:
    talk = Talk()
    talk.ask('[{"a": 1}, {"b": 2}]')
    if "error" in body:
        assert talk.ask(body) == [{"a": 1}, {"b": 2}]
        return
    with pytest.raises(NotQmpError):
        talk.ask(body)
    assert talk.ask('[{"a": 1}, {"b": 3}]') == [{"a": 1}, {"b": 3}]


def test_other_spacing_and_other_elements_are_decoded_too() -> None:
    talk = Talk()
    for body in ('[{"a":1},{"b":2}]', "[1, 2, 3]", '[{"a": 1}, 2]', '["x", {"a": 1}]', "[]", '[{"a": "é"}]', "{}", "3"):
        assert talk.ask(body) == json.loads(body)
