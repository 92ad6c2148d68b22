"""What the user may type: the commands, their options, their help."""

from __future__ import annotations

import argparse
from typing import NoReturn

from diskchain.cli import names
from diskchain.cli.ending import Ending, Exit
from diskchain.operations.keys import LISTS

COMMANDS = names.COMMANDS

FORMATS = ("svg", "png", "pdf", "dot", "mermaid", "json")

HELP = """\
usage: diskchain [TARGET ...]            the window, with these machines open
       diskchain demo [--tour DIR] [--scheme light|dark]
                                         the window on a throw-away machine with ready chains
       diskchain COMMAND ... [--help]

See and work the live disk chains of QEMU machines.

commands without a window:
  graph TARGET    the graph as a picture or as data
  watch TARGET    one line for each change, until interrupted
  run TARGET OPERATION key=value ...
                  one operation: shows what it would do, asks, does it
  record TARGET FILE
                  write a recording, until interrupted
  found           QEMU machines found on this computer

a target is:
  PATH or unix:PATH      a QMP socket of QEMU or qemu-storage-daemon
  tcp:HOST:PORT          a QMP socket over TCP
  replay:FILE            a recording

options:
  -h, --help      this text
  --version       the version

exit codes: 0 done, 1 a problem was found, 2 wrong usage, 3 cannot connect, 4 connection lost, and nothing had been sent,
            5 refused and nothing changed, 6 failed or lost half way (stderr says what state things are in)
"""

_OPERATIONS = """\
operations and their keys (defaults):
  snapshot  disks=vda,vdb (all) dir= (beside each image) name= (a time stamp) file.DISK=PATH node.DISK=NAME
  commit    top=NODE base=NODE finish=pivot|ask (ask) close=yes|no (yes) speed= spoils=PATH
  stream    node=NODE base=NODE (none: the whole chain) close=yes|no (yes) speed=
  mirror    disk=DISK target=PATH|NBD-URI target-node=NODE (instead) sync=full|top|none (full) format=qcow2|raw (qcow2)
            finish=pivot|copy|ask (ask) copy-mode=background|write-blocking (background) speed=
  revert    to=NODE[,NODE...] (one for each disk) restart=yes|no (yes) keep=yes|no (yes) dir= (beside each image)
  examine   disk=DISK: shows it to other programs as it is now, and where the guest writes, until interrupted
  undo      plan=KEY (the newest): takes back what an operation has left that was cut off half way
  job       do=pause|resume|cancel|complete|finalize|dismiss|speed|write-blocking id=JOB speed= foreign=yes|no (no)
  export    node=NODE name= (the node's) listen=PATH|HOST:PORT (a private socket) writable=yes|no (no) bitmap=NAME tls=CREDS
  unexport  name=NAME force=yes|no (no: not while a client uses it)
  create    file=PATH size=BYTES (its backing file's) format=qcow2|raw (qcow2) backing=PATH backing-format= (as it is)
  attach    file=PATH format= (as it begins) node=NODE (after the file) read-only=yes|no (no) as=virtio-blk|scsi (no disk)
  detach    disk=DISK | node=NODE
  resize    node=NODE size=BYTES shrink=yes|no (no: nothing is cut off)
  backup    disk=DISK target=PATH|NBD-URI, or disks=vda,vdb target=FOLDER for one moment
            sync=full|top|none|incremental|bitmap (full) bitmap=BITMAP (full: counts anew; incremental: says what is copied)
            parent=PATH (the backup that is continued; the newest there) format=qcow2|raw (qcow2) compress=yes|no (no) speed=
  bitmap    do=add|remove|clear|enable|disable|merge node=NODE name=BITMAP persistent=yes|no (no) granularity= (QEMU's choice)
            from=BITMAP (merge: the one whose bits are added)

A node is named by its node-name, a disk by its device id, qdev id or drive name. Sizes and speeds take k, M, G, T.
Nothing is sent before you have said yes: at the question, or by --yes.
Ctrl-C once cancels the job and undoes what was done; twice leaves the job running. Closing the terminal cancels too.
A job that waits as `pending` has done its work: do=finalize ends it well, do=cancel gives it up.
"""


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, and end with exit code 2."""

    def error(self, message: str) -> NoReturn:
        """Complain.

        :raises Ending: always.
        """
        raise Ending(Exit.USAGE, f"{message}. See {self.prog} --help.")


def _parser(command: str, about: str, more: str = "") -> Parser:
    kind = argparse.RawDescriptionHelpFormatter
    return Parser(f"diskchain {command}", description=about, epilog=more, formatter_class=kind, allow_abbrev=False)


def _graph() -> Parser:
    parser = _parser("graph", "Print the block graph of a machine as it is now.")
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("-f", "--format", choices=FORMATS, help="what to make (from FILE's name, else svg)")
    parser.add_argument("-o", "--output", metavar="FILE", help="where to (stdout)")
    parser.add_argument("--full", action="store_true", help="every node, edge and permission, nothing folded away")
    parser.add_argument("--at", type=_seconds, metavar="SECONDS", help="in a recording: the moment to show (its end)")
    return parser


def _watch() -> Parser:
    parser = _parser("watch", "Print one line for each change of the graph and each job's progress, until interrupted.")
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


def _run() -> Parser:
    parser = _parser("run", "Do one operation: show what it would do, ask, do it, check what came of it.", _OPERATIONS)
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("operation", metavar="OPERATION")
    parser.add_argument("keys", metavar="key=value", nargs="*")
    parser.add_argument("--and", dest="other", metavar="TARGET2", help="the second machine, for operations on two")
    parser.add_argument("--dry-run", action="store_true", help="only show what it would do")
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    return parser


def _record() -> Parser:
    parser = _parser(
        "record", "Write a recording that replays without QEMU, until interrupted. Passwords and keys are blanked."
    )
    parser.add_argument("target", metavar="TARGET")
    parser.add_argument("file", metavar="FILE", help="a new file; one that exists is never overwritten")
    return parser


def _found() -> Parser:
    parser = _parser("found", "List the QEMU machines found on this computer, and how to reach them.")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    return parser


_PARSERS = {"graph": _graph, "watch": _watch, "run": _run, "record": _record, "found": _found}


def parse(words: list[str]) -> argparse.Namespace:
    """Read the words after `diskchain`; the first one is in `COMMANDS` and comes back as `command`.

    :raises Ending: wrong usage. :raises SystemExit: help was asked for, and printed.
    """
    known = _PARSERS[words[0]]().parse_intermixed_args(words[1:])
    known.command = words[0]
    return known


def parse_help(command: str) -> str:
    """What `diskchain COMMAND --help` prints."""
    return _PARSERS[command]().format_help()


def keys(words: list[str]) -> dict[str, str]:
    """Read `key=value` words. A list (`disks=`, `spoils=`) may be said in several words.

    :raises Ending: a word is not of that form, or a key is said twice.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise Ending(Exit.USAGE, f'"{word}" is not of the form key=value. See diskchain run --help.')
        if key in found and key not in LISTS:
            raise Ending(Exit.USAGE, f"{key}= is said twice. Say it once.")
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _seconds(word: str) -> float:
    """A moment in seconds, not negative.

    :raises argparse.ArgumentTypeError: it is none.
    """
    try:
        seconds = float(word)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f'"{word}" is not a number of seconds')
    return seconds
