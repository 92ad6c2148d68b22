"""`diskchain run`: one operation, from the preview to what came of it."""

from __future__ import annotations

import asyncio
import shlex
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from diskchain.cli import console, loop
from diskchain.cli.arguments import keys
from diskchain.cli.ask import Asker
from diskchain.cli.carrying import Carrying
from diskchain.cli.describe import described, shown
from diskchain.cli.ending import Ending, Exit
from diskchain.model import words
from diskchain.operations.catalog import parse
from diskchain.operations.keys import UsageError
from diskchain.operations.operation import Operation
from diskchain.operations.preview import Preview
from diskchain.operations.steps import Choose
from diskchain.session.carriage import Phase, Result
from diskchain.session.session import Session


def run(options: Namespace) -> Exit:
    """Do it. :raises Ending: wrong usage, or refused before anything was sent. :raises MonitorError: no look could be had."""
    try:
        operation = parse(options.operation, keys(options.keys), str(Path.cwd()))
    except UsageError as error:
        raise Ending(Exit.USAGE, f"{error} See diskchain run --help.") from error
    if options.other is not None:
        raise Ending(Exit.USAGE, f"{operation.name} works on one machine. Leave out --and.")
    return loop.run(_run(options, operation))


async def _run(options: Namespace, operation: Operation) -> Exit:
    task = asyncio.current_task()
    asker, interrupted = Asker(), asyncio.Event()
    session = Session(options.target, reconnect=False)

    def give_up() -> None:
        if not asker.interrupt() and task is not None:
            interrupted.set()
            task.cancel()

    acts: list[Callable[[], object]] = [give_up]  # the last one is what an interrupt does now

    def interrupt() -> None:
        acts[-1]()

    with loop.interrupts(interrupt):
        try:
            await session.open()
            preview = await session.prepare(operation)
            if options.dry_run:
                return _dry(options, preview)
            await _agree(options, preview, asker)
            carrying = Carrying(session, preview, asker)
            acts.append(carrying.interrupt)
            return _end(options, carrying, await carrying.run())
        except BrokenPipeError:
            console.close_results()
            raise Ending(Exit.REFUSED, "Nobody reads the preview. Nothing was sent.") from None
        except console.Unwritten as failure:
            raise Ending(Exit.PROBLEM, f"{failure} Nothing was sent.") from failure
        except asyncio.CancelledError:
            if not interrupted.is_set():
                raise
            raise Ending(Exit.REFUSED, "Interrupted. Nothing was sent.") from None
        finally:
            acts.append(lambda: None)  # how it ended is told already
            await session.close()


def _dry(options: Namespace, preview: Preview) -> Exit:
    """Only show it. :raises Ending: it would be refused."""
    _show(options, preview)
    _refuse(preview)
    return Exit.DONE


def _show(options: Namespace, preview: Preview) -> None:
    if options.format == "json":
        console.result_json(preview.as_json())
    elif preview.draft.steps:
        console.result(described(preview))


def _refuse(preview: Preview) -> None:
    """Say what speaks against it, one reason a line. :raises Ending: something does."""
    if preview.allowed:
        return
    lifts = [_word(objection.lifts) for objection in preview.objections if objection.lifts]
    way = f" To do it all the same, add {' '.join(lifts)}." if len(lifts) == len(preview.objections) else ""
    *others, last = (objection.text for objection in preview.objections)
    for other in others:
        console.say(other)
    raise Ending(Exit.REFUSED, f"{last} Nothing was sent.{way}")


def _word(lifts: str) -> str:
    """`key=value` as it is typed in a shell; a comma in the value of a list is doubled."""
    key, _, value = lifts.partition("=")
    return shlex.quote(f"{key}={value.replace(',', ',,')}")


async def _agree(options: Namespace, preview: Preview, asker: Asker) -> None:
    """Get the yes. :raises Ending: there is none, or something speaks against it."""
    if options.format == "text":
        _show(options, preview)
    _refuse(preview)
    someone = console.asked_at_terminal()
    choice = next((step for step in preview.draft.steps if isinstance(step, Choose) and not step.chosen), None)
    if choice is not None and (options.yes or not someone):
        ways = " or ".join(f"finish={branch.key}" for branch in choice.branches if branch.key != "stop")
        raise Ending(Exit.USAGE, f"{preview.operation.name} must be told how to end: say {ways}. Nothing was sent.")
    if options.yes:
        return
    if not someone:
        raise Ending(Exit.REFUSED, "Nobody has said yes. Nothing was sent. Say --yes, or run it on a terminal.")
    if options.format == "json":
        for line in described(preview).splitlines():
            console.tell(line)
    sure = await asker.yes(f"{preview.draft.verb}?")
    if sure and preview.draft.confirm:
        sure = await asker.yes("Go on in spite of what is marked with !?")
    if not sure:
        raise Ending(Exit.REFUSED, "You did not say yes. Nothing was sent.")


_CODES = {Phase.DONE: Exit.DONE, Phase.REFUSED: Exit.REFUSED}


def _end(options: Namespace, carrying: Carrying, result: Result) -> Exit:
    """Tell how it ended, and give the exit code."""
    code = _CODES.get(result.outcome, Exit.HALFWAY)
    if result.outcome in (Phase.LOST, Phase.CANCELLED) and not result.sent:
        code = Exit.LOST if result.outcome is Phase.LOST else Exit.REFUSED
    if result.as_predicted is False:
        code = Exit.PROBLEM
    try:
        _tell(options, carrying.preview, result, code, carrying.back() if code is Exit.DONE else ())
    except BrokenPipeError:  # how it ended stays true though nobody reads it
        console.close_results()
    except console.Unwritten as failure:
        console.say(" ".join((_ended(result), carrying.where(result), *result.notes, str(failure))))
        return code or Exit.PROBLEM
    if code is not Exit.DONE:
        console.say(f"{_ended(result)} {carrying.where(result)}".strip())
        return code
    for note in result.notes:
        console.say(note)
    return code


def _ended(result: Result) -> str:
    """How it ended, with the words of QEMU, qemu-img or the system behind ours: they are often the only ones that say why."""
    detail = " ".join(result.detail.split())
    known = not detail or detail.rstrip(".") in result.text
    return result.text if known else f"{result.text} The answer was: {detail}"


def _tell(options: Namespace, preview: Preview, result: Result, code: Exit, back: Sequence[str]) -> None:
    """Print the result. :raises BrokenPipeError: nobody reads it. :raises Unwritten: it cannot be written."""
    if options.format == "json":
        console.result_json(_as_json(preview, result))
    elif code is Exit.DONE:
        made = [f"Made {shown(path)}." for path in result.files]
        apart = "\n" if result.uri else " "  # an address is copied: nothing stands behind it
        text = f"{shown(result.text)}{apart}It took {words.duration(result.seconds)} and came as predicted."
        console.result("\n".join([text, *made, *(f"Take it back with: {shown(line)}" for line in back)]))


def _as_json(preview: Preview, result: Result) -> dict[str, object]:
    return {
        **preview.as_json(),
        "result": result.outcome.value,
        "text": result.text,
        "seconds": round(result.seconds, 3),
        "as_predicted": result.as_predicted,
        "differences": list(result.differences),
        "notes": list(result.notes),
        "files": list(result.files),
        "nodes": list(result.nodes),
        "uri": result.uri or None,
    }
