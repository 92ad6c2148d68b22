"""The one place that blanks secrets in what goes over a line; log, recording, journal and history use its output.

Two rules, after the places where QEMU's interface carries secrets (`object-add` of secret and TLS objects, `set_password`,
options of the curl and ssh block drivers, URIs with a user's password):

- In a *command*, string values pass only under argument names that are known to be harmless; every other string becomes `***`.
- In *everything*, values under the names of secrets are blanked, also inside `json:{...}` names and `key=value` strings, and so
  are user-info and the query part of web addresses (where signed links keep their signature).

The name of a secret object (`key-secret`, `password-secret`) is not itself a secret and passes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from operator import is_not
from typing import Final

BLANK: Final = "***"

_NAMES = r"[\w.-]*(?:password|passwd|passphrase|credentials?)|secrets?|cookies?|token|key|keydata|passkey"
_SECRET = re.compile(rf"(?:[\w-]+\.)*(?:{_NAMES})", re.ASCII | re.IGNORECASE)
_INSIDE = re.compile(
    rf"""
    (?P<before> (?<![\w.-]) (?P<quote> \\*["']? ) (?:{_NAMES}) (?P=quote) \s*[=:]\s* )
    (?:
        (?P<open> \\+" ) (?: (?! (?<!\\)(?P=open) ) . )* (?: (?P=open) | \Z )   # a string within a string
        | (?P<plain> " ) (?: [^"\\] | \\. )* (?: " | \Z )
        | (?P<single> ' ) [^']* (?: ' | \Z )
        | (?: ,, | [^\s,&;{{}}] )+                                              # key=value,...; a comma in it is doubled
    )
    """,
    re.ASCII | re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_USER = re.compile(r"(?<=://)[^/\s\"'?#]*@")
_QUERY = re.compile(r"(?P<before>\b(?:https?|ftps?)://[^\s\"'?]*\?)[^\s\"'#]+", re.IGNORECASE)

_HINTS = (b"pass", b"secret", b"cookie", b"token", b"key", b"credential")
"""Each name of a secret has one of these in it (QEMU writes them in lower case). A search takes 0.6 ms for a MiB, decoding 11."""
_SUSPECT = re.compile(rf"""(?:{_NAMES})\\*["']?\s*[=:]""".encode(), re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(rb"://[^/\s\"']*@|(?:https?|ftps?)://[^\s\"']*\?", re.IGNORECASE)

_HARMLESS = frozenset(
    """
    execute exec-oob id type typename qom-type driver name path property device device-id qdev bus drive node node-name child
    parent file filename backing backing-file backing-fmt backing-filename base base-node top top-node bottom target source
    replaces job-id format fmt snapshot-file snapshot-node-name new-node-name overlay snapshot-name snapshot vmstate devices tag
    mode sync copy-mode bitmap bitmaps bitmap-mode bitmap-sync filter-node-name
    on-error on-source-error on-target-error on-cbw-error
    action actions completion-mode throttle-group qom-path mount-point server export host port
    to socket fd-set aio locking cache discard detect-zeroes preallocation data-file compression-type cluster-size
    event enable reason capability state statename boundaries iothread serial machine firmware
    share allow-other growable writethrough size speed granularity key-secret password-secret proxy-password-secret cookie-secret
    tls-creds tls-authz tls-hostname
    """.split()
)
"""Argument names whose strings are names, paths and words of QEMU's own enumerations."""


def redacted_command(sent: Mapping[str, object]) -> Mapping[str, object]:
    """A command object as it may be shown: the same object where nothing had to be blanked."""
    arguments = sent.get("arguments")
    if not isinstance(arguments, Mapping):
        return sent
    shown = {str(key): _argument(str(key), value, str(sent.get("execute", ""))) for key, value in arguments.items()}
    if sent.get("execute") == "qom-set" and arguments.get("property") == "drive" and "value" in arguments:
        shown["value"] = _argument("node-name", arguments["value"], "qom-set")  # a device's drive is named by its node
    return sent if shown == arguments else {**sent, "arguments": shown}


def redacted_reply(received: Mapping[str, object]) -> Mapping[str, object]:
    """A reply, event or greeting as it may be shown: the same object where nothing had to be blanked."""
    shown = _walked(received)
    return shown if isinstance(shown, Mapping) else received


def suspicious(raw: bytes) -> bool:
    """Whether a line may hold a secret at all."""
    if any(hint in raw for hint in _HINTS) and _SUSPECT.search(raw) is not None:
        return True
    return b"://" in raw and _ADDRESS.search(raw) is not None


def redacted_text(text: str) -> str:
    """A string without the secrets that can be told from it alone."""
    if "://" in text:
        text = _QUERY.sub(rf"\g<before>{BLANK}", _USER.sub(f"{BLANK}@", text))
    if "=" in text or ":" in text:
        text = _INSIDE.sub(_blank_inside, text)
    return text


def asks_for_secret(sent: Mapping[str, object]) -> bool:
    """Whether the whole answer to this command is a secret: `qom-get` of a secret's data, `ringbuf-read`, memory."""
    name, arguments = sent.get("execute"), sent.get("arguments")
    if name == "qom-get" and isinstance(arguments, Mapping):
        wanted = str(arguments.get("property", ""))
        return wanted in {"data", "file"} or _SECRET.fullmatch(wanted) is not None
    return name in {"ringbuf-read", "query-vnc-passwd", "guest-file-read"}


def _blank_inside(found: re.Match[str]) -> str:
    edge = found["open"] or found["plain"] or found["single"] or ""
    return f"{found['before']}{edge}{BLANK}{edge}"


def _argument(key: str, value: object, command: str) -> object:
    if isinstance(value, Mapping):
        return {str(name): _argument(str(name), inner, command) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_argument(key, inner, command) for inner in value]
    if _SECRET.fullmatch(key) and value is not None and not isinstance(value, bool):
        return BLANK
    if not isinstance(value, str):
        return value
    if key == "file" and command in {"object-add", "blockdev-change-medium"}:
        return redacted_text(value)
    return redacted_text(value) if key in _HARMLESS else BLANK


def _walked(value: object) -> object:
    """Replies are large: no call for each scalar, and what holds no secret is not copied."""
    if isinstance(value, dict):
        changes: dict[object, object] = {}
        for key, inner in value.items():
            shown = _member(key, inner)
            if shown is not inner:
                changes[key] = shown
        return value | changes if changes else value
    if isinstance(value, list):
        items = [_walked(inner) for inner in value]
        return items if any(map(is_not, items, value)) else value
    if isinstance(value, str):
        return redacted_text(value) if ":" in value or "=" in value else value
    return value


def _member(key: str, value: object) -> object:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, dict):
        return _walked(value)
    if _is_secret(key):
        return [BLANK for _ in value] if isinstance(value, list) else BLANK
    return _walked(value)


@lru_cache(maxsize=4096)
def _is_secret(key: str) -> bool:
    return _SECRET.fullmatch(key) is not None
