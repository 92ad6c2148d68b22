"""No secret passes, and nothing else is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diskchain.monitors.decode import LARGE
from diskchain.monitors.redact import redacted_command, redacted_reply, redacted_text, suspicious
from diskchain.monitors.wire import Redactor

SECRET = "Hunter2" * 2
KEYS = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "cookie",
    "token",
    "key",
    "proxy-password",
    "user.password",
    "PASSWORD",
]


def command(name: str, /, **arguments: object) -> dict[str, object]:
    return {"execute": name, "arguments": {key.replace("_", "-"): value for key, value in arguments.items()}, "id": "1"}


@pytest.mark.parametrize(
    "sent",
    [
        {"execute": "query-block", "id": "x"},
        command(
            "block-commit",
            job_id="j",
            device="d",
            top_node="a",
            base_node="b",
            filter_node_name="f",
            speed=1,
            on_error="stop",
        ),
        command(
            "blockdev-add",
            driver="qcow2",
            node_name="n",
            file={"driver": "file", "filename": "/a/ü,b=c:d.img"},
            backing=None,
        ),
        {
            "execute": "blockdev-add",
            "arguments": {"driver": "luks", "node-name": "n", "key-secret": "sec0", "read-only": True},
        },
        command(
            "transaction",
            actions=[{"type": "blockdev-snapshot-sync", "data": {"node-name": "n", "snapshot-file": "/s.qcow2"}}],
        ),
        command("nbd-server-start", addr={"type": "unix", "data": {"path": "/x"}}),
        command("qom-get", path="/machine", property="type"),
        command("qom-set", path="/machine/peripheral/vda", property="drive", value="overlay3"),
        command("block-export-add", id="e", type="nbd", node_name="n", name="vda", writable=False, bitmaps=["b0"]),
        command("job-pause", id="key"),
    ],
)
def test_harmless_commands_pass_whole(sent: dict[str, object]) -> None:
    assert redacted_command(sent) is sent


@pytest.mark.parametrize(
    "sent",
    [
        command("object-add", qom_type="secret", id="s", data=SECRET),
        command("object-add", qom_type="secret", id="s", props={"data": SECRET, "iv": SECRET}),
        command("set_password", protocol="vnc", password=SECRET),
        command("change-vnc-password", password=SECRET),
        command("human-monitor-command", command_line=f"set_password vnc {SECRET}"),
        command("unheard-of", novel=SECRET),
        command("qom-set", path="/objects/s", property="data", value=SECRET),
        command("unheard-of", novel=[{"a": SECRET}]),
        command("guest-set-user-password", username="u", password=SECRET),
        command("blockdev-add", driver="https", node_name="n", cookie=SECRET),
        command("blockdev-snapshot-sync", node_name="n", snapshot_file=f"https://me:{SECRET}@host/a"),
        command("blockdev-add", filename=f"https://host/a?X-Amz-Signature={SECRET}"),
        command("block_passwd", node_name="n", password=SECRET),
        command("drive-backup", target=f'json:{{"driver":"https","password":"{SECRET}"}}'),
        command("drive-backup", target=f"driver=https,file.password={SECRET},x=y"),
        command("migrate", uri=SECRET),
        command("x", password=int("9" * 9)) | {"arguments": {"password": SECRET}},
    ],
)
def test_secrets_in_commands(sent: dict[str, object]) -> None:
    shown = redacted_command(sent)
    assert SECRET not in json.dumps(shown)
    assert "***" in json.dumps(shown)
    assert shown["execute"] == sent["execute"]
    assert SECRET in json.dumps(sent), "the command itself must stay as it is"


def test_numbers_that_are_secrets() -> None:
    assert redacted_command(command("x", pin=1, password=4711))["arguments"] == {"pin": 1, "password": "***"}
    assert redacted_reply({"return": {"password": 4711, "key": None, "token": True}}) == {
        "return": {"password": "***", "key": None, "token": True}
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nbd://me:pw@host:10809/x", "nbd://***@host:10809/x"),
        ("ssh://me@host/x", "ssh://***@host/x"),
        ("https://host/x?sig=abc#f", "https://host/x?***#f"),
        ("nbd+unix:///vda?socket=/run/s", "nbd+unix:///vda?socket=/run/s"),
        ("/images/a@b:c/x.qcow2", "/images/a@b:c/x.qcow2"),
        ("/images/monkey=3/turkey:x.qcow2", "/images/monkey=3/turkey:x.qcow2"),
        ('json:{"driver": "luks", "key-secret": "sec0", "file": {"filename": "/x"}}',) * 2,
        ('json:{"password": "pw", "file": "/x"}', 'json:{"password": "***", "file": "/x"}'),
        (r"{\"password\":\"p w\",\"file\":\"/x\"}", r"{\"password\":\"***\",\"file\":\"/x\"}"),
        ("driver=https,password=pw,url=u", "driver=https,password=***,url=u"),
        (r'{"password":"p\"w","a":1}', '{"password":"***","a":1}'),
        (r"{\"password\":\"p\\\"w, x\",\"a\":1}", r"{\"password\":\"***\",\"a\":1}"),
        ("secret='p w' x", "secret='***' x"),
        ("password=p,,w'\"x,a=b", "password=***,a=b"),
        ('{"password": "cut o', '{"password": "***"'),
        ("", ""),
    ],
)
def test_secrets_in_strings(text: str, shown: str) -> None:
    assert redacted_text(text) == shown
    assert redacted_text(shown) == shown


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_characters=":=", codec="utf-8"), max_size=8)
)
names = st.text(
    "abcdefghijlmnoqrstuvwxyz-", min_size=1, max_size=6
)  # no letter k and no p: none can be a secret's name
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4), max_leaves=12
)


@given(values)
def test_replies_without_secrets_are_the_same_object(value: object) -> None:
    reply = {"return": value, "id": "a"}
    assert redacted_reply(reply) is reply


def _planted(value: object, path: list[int], key: str, secret: object) -> object:
    """The value with a secret put in at some depth."""
    inner = _planted(value, path[1:], key, secret) if path else {key: secret, "beside": value}
    match path[0] if path else 0:
        case 1:
            return {"a": 1, "b": inner}
        case 2:
            return [1, inner, "c"]
    return inner


@given(values, st.lists(st.integers(0, 2), max_size=5), st.sampled_from(KEYS), st.booleans(), st.booleans())
def test_a_secret_anywhere_is_found(value: object, path: list[int], key: str, as_list: bool, spaced: bool) -> None:
    secret = [SECRET, SECRET] if as_list else SECRET
    reply = cast("dict[str, object]", {"return": _planted(value, path, key, secret), "id": "a"})
    line = json.dumps(reply, separators=None if spaced else (",", ":")).encode()
    shown = redacted_reply(reply)
    assert SECRET not in json.dumps(shown)
    blank: object = ["***", "***"] if as_list else "***"
    assert shown == {"return": _planted(value, path, key, blank), "id": "a"}
    assert suspicious(line) or key == "PASSWORD"


@given(
    st.sampled_from(
        ["nbd://u:{}@h/x", "https://h/x?a={}", "password={},x", 'json:{{"cookie": "{}"}}', "a 'https://{}@h': no"]
    )
)
def test_a_secret_within_a_string_is_found(form: str) -> None:
    reply = {"error": {"class": "GenericError", "desc": form.format(SECRET)}}
    assert suspicious(json.dumps(reply).encode())
    assert SECRET not in json.dumps(redacted_reply(reply))


def test_what_qemu_says_of_disks_is_not_suspicious() -> None:
    node = {
        "node-name": "n",
        "image": {"format-specific": {"type": "qcow2", "data": {"compat": "1.1"}}},
        "file": "nbd://h:1/x",
    }
    assert not suspicious(json.dumps({"return": [node, {"name": "key-secret", "type": "str"}]}).encode())


@pytest.mark.parametrize("size", [10, LARGE + (LARGE >> 1)])
def test_large_and_small_answers_alike(size: int) -> None:
    async def main() -> None:
        redactor = Redactor()
        fill = [{"n": "x" * 50}] * (size // 60)
        for told in ({"return": [*fill, {"password": SECRET}, *fill]}, {"return": {"a": fill, "password": SECRET}}):
            shown = await redactor.received(told, json.dumps(told).encode())
            assert SECRET not in json.dumps(shown)
            assert len(json.dumps(shown)) == len(json.dumps(told)) - len(SECRET) + 3
        clean = {"return": fill, "id": "1"}
        assert await redactor.received(clean, json.dumps(clean).encode()) is clean

    asyncio.run(main())


def test_an_answer_that_comes_again_is_not_looked_through_again() -> None:
    async def main() -> None:
        redactor, nodes = Redactor(), [{"node-name": "n"}]
        line = json.dumps({"return": nodes}).encode()
        for number in "12":
            told = {"return": nodes, "id": number}
            assert await redactor.received(told, line) is told
            line = b'{"password": "would be found if it were read"}'
        for other in ([{"password": SECRET}], [{"password": SECRET}]):
            shown = await redactor.received({"return": other}, json.dumps({"return": other}).encode())
            assert SECRET not in json.dumps(shown)
        again = await redactor.received({"return": other}, json.dumps({"return": other}).encode())
        assert SECRET not in json.dumps(again), "what holds a secret is looked through each time"

    asyncio.run(main())


def test_answers_that_are_a_secret_as_a_whole() -> None:
    async def main() -> None:
        redactor = Redactor()

        async def answer(sent: Mapping[str, object], told: dict[str, object]) -> Mapping[str, object]:
            redactor.sent(sent)
            return await redactor.received(told, json.dumps(told).encode())

        data = command("qom-get", path="/objects/s0", property="data")
        assert await answer(data, {"return": SECRET, "id": "1"}) == {"return": "***", "id": "1"}
        assert await answer(command("qom-get", path="/x", property="type"), {"return": "t", "id": "1"}) == {
            "return": "t",
            "id": "1",
        }
        refused: dict[str, object] = {"error": {"class": "GenericError", "desc": "no"}, "id": "1"}
        assert await answer(data, refused) == refused

    asyncio.run(main())
