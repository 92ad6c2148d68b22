from __future__ import annotations

import asyncio
import gc
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diskchain.monitors import decode

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(values), st.booleans(), st.booleans(), st.sampled_from([None, (",", ":")]))
def test_by_elements_is_the_same_as_at_once(
    answer: list[object], first: bool, ascii_only: bool, space: tuple[str, str] | None
) -> None:
    number = {"id": "__qmp#1"}
    told = {**number, "return": answer} if first else {"return": answer, **number}
    line = json.dumps(told, ensure_ascii=ascii_only, separators=space).encode() + b"\r\n"
    large, decode.LARGE = decode.LARGE, 0
    try:
        assert asyncio.run(decode.decoded(line)) == told
    finally:
        decode.LARGE = large
    assert gc.isenabled()


@pytest.mark.parametrize(
    "line",
    [
        b'{"return": [1, 2', b'{"return": [1 2]}', b'{"return": [1, ]}', b'{"return": [1], }', b'{"return": [1]} x',
        b'{"return": [', b'{"return": [], "id": }', b"[]", b"3", b"", b"\n", b"\xff", b'{"return": [' + b"[" * 100_000,
        b'{"return": [,]}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("large", [0, decode.LARGE])
def test_what_is_no_object_is_refused(line: bytes, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "LARGE", large)
    with pytest.raises(decode.NotQmpError):
        asyncio.run(decode.decoded(line))
    assert gc.isenabled()
