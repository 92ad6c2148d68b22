"""The house rules that neither the linter, nor the types, nor the import contracts can hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from diskchain.cli import arguments
from diskchain.operations import catalog
from tests.operations.table import TABLE

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "gui" / "diskchain"

FILE_LINES, CLASS_LINES, FUNCTION_LINES = 250, 200, 40
"""Stop and think there."""

NEVER = 400
"""Lines that no file of ours ever passes, tests included."""

LONGER: dict[str, str] = {
    "layout.py": "the one file that knows graphviz, for places and for DOT text",
    "model/public.py state_as_json": "the public object, spelt out once from top to bottom",
    "operations/commit.py": "two kinds of commit share every judgement",
    "operations/commit.py Commit": "two kinds of commit share every judgement",
    "operations/commit.py _steps": "the plan reads in the order of sending",
    "operations/snapshot.py": "two ways to make an overlay, plain and with a header of our own",
    "sandbox/images.py _metadata": "the tables of a qcow2 file, in the order of the file",
    "session/operator.py": "the one place that sends; splitting it would hide what follows what",
    "session/operator.py QmpOperator": "the one place that sends; splitting it would hide what follows what",
    "session/session.py": "the face of one machine to all above",
    "session/session.py Session": "the face of one machine to all above",
    "widgets/desk.py": "one machine at a time meets all panels here",
    "widgets/desk.py Desk": "one machine at a time meets all panels here",
    "widgets/panels/facts.py": "a table of facts, one function for each kind of thing",
}
"""What is longer all the same, and why: by file, or by file and name."""

LATE_IMPORTS = {
    "__main__.py": "only the command that was typed is loaded",
    "app/__init__.py": "Qt comes after the words are understood",
    "app/faults.py": "only a mistake of ours needs it",
    "app/front.py": "the first picture does not wait for plots and sessions",
    "app/house.py": "the tour is played by nobody else",
    "app/keeper.py": "the first graph does not wait for the preview sheet",
    "app/sandboxing.py": "who opens a machine of his own does not wait for the sandbox",
    "cli/main.py": "only the command that was typed is loaded",
    "cli/bug.py": "the version is wanted only when something went wrong",
    "cli/graph.py": "graphviz is wanted only by one format",
    "layout.py": "graphviz is wanted only by Full graph and DOT text",
    "session/session.py": "who looks at a graph does not wait for the operations",
    "widgets/panels/lower.py": "the first graph does not wait for the panels below it",
    "widgets/panels/throughput.py": "numpy and pyqtgraph are half of the time until the first picture",
}
"""File -> why it imports inside a function. Start-up time is the only reason there is."""


@cache
def sources() -> dict[Path, str]:
    """Our own Python files and what is in them."""
    found = [*HOUSE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    return {path: path.read_text(encoding="utf-8") for path in sorted(found)}


@cache
def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(sources()[path])


def house() -> Iterator[tuple[str, Path]]:
    """The application's files by their name within the house."""
    for path in sources():
        if path.is_relative_to(HOUSE):
            yield str(path.relative_to(HOUSE)), path


def named(path: Path) -> str:
    """A file's name in messages."""
    return str(path.relative_to(ROOT))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> int:
    """Lines from `def` or `class` to the end."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def too_long() -> Iterator[tuple[str, int]]:
    """Files, classes and functions of the house over their measure, with their lines."""
    for name, path in house():
        if (lines := len(sources()[path].splitlines())) > FILE_LINES:
            yield name, lines
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                limit = CLASS_LINES if isinstance(node, ast.ClassDef) else FUNCTION_LINES
                if length(node) > limit:
                    yield f"{name} {node.name}", length(node)


def test_files_classes_and_functions_stay_small() -> None:
    found = dict(too_long())
    assert not (unknown := {what: lines for what, lines in found.items() if what not in LONGER}), unknown
    assert not (shorter := LONGER.keys() - found.keys()), f"take off the list what has become shorter: {shorter}"


def test_no_file_is_ever_that_long() -> None:
    found = {str(path.relative_to(ROOT)): len(text.splitlines()) for path, text in sources().items()}
    assert not {name: lines for name, lines in found.items() if lines > NEVER}


@cache
def vocabulary() -> frozenset[str]:
    """QMP names that our own code speaks of: commands (those with a dash: the others are plain words) and events."""
    names: set[str] = set()
    for name, path in house():
        if name.startswith(("widgets/", "app/", "cli/", "picture/")):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                called = node.func.id if isinstance(node.func, ast.Name) else ""
                if called in ("command", "Command") and isinstance(node.args[0].value, str):
                    names.add(node.args[0].value)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                names |= {node.value} if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", node.value) else set()
    return frozenset(name for name in names if "-" in name or name.isupper())


def test_the_vocabulary_is_found() -> None:
    assert {"block-commit", "block-stream", "query-block", "JOB_STATUS_CHANGE", "BLOCK_JOB_READY"} <= vocabulary()


def test_widgets_do_not_speak_qmp() -> None:
    spoken = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, sorted(vocabulary()))) + r")(?![\w-])")
    found = [
        f"{name}: {match.group()}"
        for name, path in house()
        if name.startswith("widgets/")
        for match in spoken.finditer(sources()[path])
    ]
    assert not found, "\n".join(found)


def test_picture_paints_without_widgets() -> None:
    found = [name for name, path in house() if name.startswith("picture/") and "QtWidgets" in sources()[path]]
    assert not found


def test_every_button_acts_on_enter() -> None:
    made = re.compile(r"\bQPushButton\(|\(QPushButton\)|\bQToolButton\b")
    found = [name for name, path in house() if name != "widgets/style.py" and made.search(sources()[path])]
    assert not found, "make them with widgets.style.button, or of widgets.style.Button"


BANNED = {
    r"\.exec_?\(": "no nested event loops",
    r"\btime\.sleep\(": "nothing waits by sleeping",
    r"shell=True": "no shell strings",
    r"\bTODO\b|\bFIXME\b|\bXXX\b": "no notes to oneself",
    r"type: *ignore|# *noqa": "no exceptions from the checks",
}


@pytest.mark.parametrize("pattern", BANNED, ids=list(BANNED.values()))
def test_what_the_house_does_not_do(pattern: str) -> None:
    found = [
        f"{name}:{number}: {line.strip()}"
        for name, path in house()
        for number, line in enumerate(sources()[path].splitlines(), 1)
        if re.search(pattern, line)
    ]
    assert not found, f"{BANNED[pattern]}:\n" + "\n".join(found)


def test_tests_neither_skip_nor_look_away() -> None:
    pattern = re.compile(r"pytest\.(mark\.)?(skip|xfail|importorskip)|type: *ignore|# *noqa")
    mine = Path(__file__)
    found = [
        f"{named(path)}:{number}: {line.strip()}"
        for path, text in sources().items()
        if path != mine
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_one_place_starts_tasks() -> None:
    pattern = re.compile(r"\b(create_task|ensure_future)\(")
    assert [name for name, path in house() if pattern.search(sources()[path])] == ["session/tasks.py"]


def test_late_imports_are_known() -> None:
    found: dict[str, list[int]] = {}
    for name, path in house():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for inner in ast.walk(node):
                by_name = isinstance(inner, ast.Call) and ast.unparse(inner.func) == "importlib.import_module"
                if by_name or isinstance(inner, ast.Import | ast.ImportFrom):
                    found.setdefault(name, []).append(getattr(inner, "lineno", 0))
    unknown = {name: lines for name, lines in found.items() if name not in LATE_IMPORTS}
    assert not unknown, f"imports inside functions: {unknown}"
    assert set(LATE_IMPORTS) <= set(found), "take off the list what imports nothing late any more"


CHAINLESS = {"job", "undo", "bitmap", "backup", "export", "unexport", "create", "attach", "detach", "resize", "examine"}
"""Operations that lead to no chain of their own, so that they have no row in the table."""


def test_every_operation_is_in_the_catalog_the_table_and_the_help() -> None:
    written: set[str] = set()
    for name, path in house():
        if not name.startswith("operations/"):
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and any(
                isinstance(f, ast.FunctionDef) and f.name == "draft" for f in node.body
            ):
                values = [
                    s.value for s in node.body if isinstance(s, ast.AnnAssign) and ast.unparse(s.target) == "name"
                ]
                written |= {str(value.value) for value in values if isinstance(value, ast.Constant)}
    assert {"snapshot", "commit", "stream", "job"} <= written
    assert written == set(catalog.OPERATIONS)
    assert written - CHAINLESS <= {row.operation for row in TABLE}
    described = arguments.parse_help("run")
    assert all(re.search(rf"^  {name} ", described, re.MULTILINE) for name in written)


def test_every_key_is_in_the_help() -> None:
    described = arguments.parse_help("run")
    for kind in catalog.OPERATIONS.values():
        assert all(f" {key}=" in described for key in kind.known), kind.known
