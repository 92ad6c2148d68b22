"""The commands without a window, from the words typed to the exit code."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Protocol, cast

from diskchain.cli import arguments, console
from diskchain.cli.ending import Ending, Exit
from diskchain.cli.graph import Renderer
from diskchain.monitors.monitor import Lost, Unanswered, Unreachable


class _Command(Protocol):
    """A command's module."""

    run: Callable[..., Exit]


def main(words: list[str], render: Renderer | None = None) -> int:
    """Do what the words after `diskchain` say, and give the exit code.

    :param words: the first is one of `arguments.COMMANDS`, or an option.
    :param render: paints a state as svg, png or pdf; None where nothing can be painted.
    """
    try:
        return _main(words, render)
    except Ending as ending:
        return _end(ending.exit, str(ending))
    except Unreachable as failure:
        return _end(Exit.UNREACHABLE, str(failure))
    except Lost as failure:
        return _end(
            Exit.LOST, f"The connection was lost: {failure} Nothing was changed from here. See whether QEMU still runs."
        )
    except Unanswered as failure:
        return _end(Exit.LOST, f"{failure} Nothing was changed from here. Try again when it is less busy.")
    except BrokenPipeError:
        console.close_results()
        return Exit.DONE
    except KeyboardInterrupt:
        return _end(Exit.REFUSED, "Interrupted before anything was done.")
    except SystemExit as ended:  # argparse has printed the help
        return int(ended.code or 0)


def _main(words: list[str], render: Renderer | None) -> int:
    if "--version" in words[:1]:
        console.result(f"diskchain {importlib.import_module('importlib.metadata').version('diskchain')}")
        return Exit.DONE
    if not words or words[0] in ("-h", "--help"):
        console.result(arguments.HELP)
        return Exit.DONE
    if words[0] not in arguments.COMMANDS:
        raise Ending(Exit.USAGE, f'"{words[0]}" is not known. See diskchain --help.')
    options = arguments.parse(words)
    # Each command brings libraries of its own; the others start sooner without them.
    command = cast("_Command", importlib.import_module(f"diskchain.cli.{words[0]}"))
    return command.run(options, render) if words[0] == "graph" else command.run(options)


def _end(code: Exit, text: str) -> int:
    console.say(text)
    return code
