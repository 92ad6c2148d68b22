"""The form for an operation's options, read from the fields of its dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, cast

from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from diskchain.model.words import rate
from diskchain.operations.keys import UsageError, size
from diskchain.operations.operation import Operation
from diskchain.signal import Signal
from diskchain.widgets.style import label
from diskchain.widgets.wrapped import wrapped


@dataclass(frozen=True)
class _Option:
    """How one field is asked for. `choices`: value -> words. `hint`: shown in the empty field."""

    label: str
    choices: Mapping[str, str] | None = None
    hint: str = ""


_OPTIONS: Mapping[str, _Option] = {
    "file": _Option("File", hint="its path"),
    "target": _Option("New file, or NBD URI", hint="beside the disk's image"),
    "target_node": _Option("Or an open node", hint="its name"),
    "sync": _Option(
        "What is copied", {"full": "all of the disk", "top": "the active image only", "none": "only new writes"}
    ),
    "backup.target": _Option("New file, or NBD URI; of several disks their folder", hint="beside the disk's image"),
    "backup.sync": _Option(
        "What is copied",
        {
            "full": "all of the disk",
            "top": "the active image only",
            "incremental": "what the bitmap marks, which then counts anew",
            "bitmap": "what the bitmap marks, which goes on counting",
            "none": "only what is overwritten, until I stop it",
        },
    ),
    "backup.bitmap": _Option("Bitmap", hint="none"),
    "parent": _Option("Continues", hint="the newest backup there"),
    "compress": _Option("Compress it"),
    "format": _Option("Format", {"qcow2": "qcow2", "raw": "raw"}),
    "copy_mode": _Option(
        "The guest's writes", {"background": "go ahead of the copy", "write-blocking": "wait for the copy"}
    ),
    "mirror.finish": _Option(
        "When ready", {"ask": "ask me", "pivot": "switch over by itself", "copy": "keep the copy by itself"}
    ),
    "finish": _Option("When ready", {"ask": "ask me", "pivot": "switch over by itself"}),
    "restart": _Option("Let a guest that ran start again"),
    "keep": _Option("Keep the branch that is left"),
    "speed": _Option("Speed limit", hint="none; for example 50M"),
    "close": _Option("Close the nodes that leave the chain"),
    "label": _Option("Part of the names", hint="a time stamp"),
    "dir": _Option("Folder", hint="beside each image"),
    "export.label": _Option("Name", hint="the node's"),
    "listen": _Option("Where it listens", hint="private; PATH, HOST:PORT"),
    "tls": _Option("TLS credentials", hint="none; or their id in QEMU"),
    "writable": _Option("Clients may write to it"),
    "export.bitmap": _Option("Bitmap to read", hint="none"),
    "create.size": _Option("Size", hint="for example 20G"),
    "backing": _Option("Backed by", hint="nothing; or a path"),
    "backing_format": _Option("Format of that", hint="as it is"),
    "attach.format": _Option("Format", hint="as the file begins"),
    "attach.node": _Option("Node-name", hint="after the file"),
    "read_only": _Option("Read-only"),
    "model": _Option("In the guest", {"": "not at all", "virtio-blk": "a virtio-blk disk", "scsi": "a SCSI disk"}),
    "resize.size": _Option("New size", hint="for example 20G"),
    "shrink": _Option("Cut off what lies beyond"),
    "force": _Option("Cut off clients that use it now"),
    "bitmap": _Option("Name of the bitmap"),
    "persistent": _Option("Keep it in the image, so that it outlives QEMU"),
    "granularity": _Option("One bit stands for", hint="QEMU's choice; for example 64k"),
}
"""Fields that are options, `operation.field` where one operation asks otherwise; other fields say what it is about."""

_ORDER = tuple(_OPTIONS)
_LARGEST = 2**63 - 1


def options_of(operation: Operation) -> dict[str, object]:
    """The options of an operation and their present values, in the order in which they are asked for."""
    values = {entry.name: getattr(operation, entry.name) for entry in dataclasses.fields(_fields(operation))}
    named = (name.removeprefix(f"{operation.name}.") for name in _ORDER)
    asked = getattr(operation, "asked", tuple(values))
    return {name: values[name] for name in named if name in values and name in asked}


def _option(operation: Operation, name: str) -> _Option:
    """How a field of an operation is asked for."""
    return _OPTIONS.get(f"{operation.name}.{name}") or _OPTIONS[name]


def changed(operation: Operation, **values: object) -> Operation:
    """The operation with other values in some fields."""
    return cast("Operation", dataclasses.replace(_fields(operation), **values))


def lifted(operation: Operation, lifts: str) -> Operation:
    """The operation with an objection lifted: `spoils=/a/b` is added to what it may spoil, `foreign=yes` is set."""
    key, _, value = lifts.partition("=")
    present = getattr(operation, key)
    return changed(operation, **{key: (*present, value) if isinstance(present, tuple) else True})


def dropped(operation: Operation, lifts: str) -> Operation:
    """The operation with that leave taken back."""
    key, _, value = lifts.partition("=")
    present = getattr(operation, key)
    kept = tuple(item for item in present if item != value) if isinstance(present, tuple) else False
    return changed(operation, **{key: kept})


def _fields(operation: Operation) -> _Dataclass:
    return cast("_Dataclass", operation)


class _Dataclass:
    """What `dataclasses` wants to see: every operation is one."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[object]]]


class OptionsForm(QWidget):
    """One field for each option.

    :ivar edited: emits the operation with the options as they now are.
    :ivar judged: a field is understood again, or not any more; see `wrong`.
    """

    def __init__(self, operation: Operation, two_phased: bool) -> None:
        """`two_phased`: whether the end is chosen, so that it can be chosen beforehand."""
        super().__init__()
        self.edited: Signal[Operation] = Signal()
        self.judged: Signal[[]] = Signal()
        self._operation = operation
        self._typed: dict[str, QLineEdit] = {}
        self._bad: dict[str, str] = {}
        self._asked = self._names(operation, two_phased)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.complaint = wrapped("", tone="red")
        self.complaint.setObjectName("optionsWrong")
        self.complaint.hide()
        for name in self._asked:
            self._add(form, name, getattr(operation, name))
        form.addRow(self.complaint)

    @staticmethod
    def _names(operation: Operation, two_phased: bool) -> tuple[str, ...]:
        return tuple(name for name in options_of(operation) if name != "finish" or two_phased)

    @property
    def void(self) -> bool:
        """Whether there is nothing to choose."""
        return not self._asked

    @property
    def wrong(self) -> str:
        """Which fields hold something that is not understood, and why; empty: all are understood."""
        return " ".join(f"{_option(self._operation, name).label}: {why}" for name, why in self._bad.items())

    def fits(self, operation: Operation, two_phased: bool) -> bool:
        """Whether this form is the right one for an operation: it asks for the same, and shows what holds there."""
        return (
            type(operation) is type(self._operation)
            and self._asked == self._names(operation, two_phased)
            and options_of(operation) == options_of(self._operation)
        )

    def finish(self) -> None:
        """Take what was typed and not yet confirmed by Return."""
        for name in self._typed:
            self._take(name)

    def keep(self, operation: Operation) -> None:
        """The operation that further changes are made to; its options are those of the form already."""
        self._operation = operation

    def _add(self, form: QFormLayout, name: str, value: object) -> None:
        option = _option(self._operation, name)
        field: QWidget
        if isinstance(value, bool):
            field = box = QCheckBox(option.label)
            box.setChecked(value)
            box.toggled.connect(lambda now: self._change(**{name: now}))
            form.addRow(box)
        elif option.choices:
            field = combo = QComboBox()
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            for key, words in option.choices.items():
                combo.addItem(words, key)
            combo.setCurrentIndex(max(combo.findData(value), 0))
            combo.activated.connect(lambda _: self._change(**{name: combo.currentData()}))
            form.addRow(label(option.label, tone="quiet"), combo)
        else:
            field = line = QLineEdit(_shown(value))
            line.setPlaceholderText(option.hint)
            self._typed[name] = line
            line.textChanged.connect(lambda _: self._read(name))
            line.editingFinished.connect(lambda: self._take(name))
            form.addRow(label(option.label, tone="quiet"), line)
        field.setObjectName(f"option-{name}")
        field.setAccessibleName(option.label)

    def _read(self, name: str) -> str | int | None:
        """What a field holds; None, and said in red: it is not understood."""
        text, bad = self._typed[name].text().strip(), dict(self._bad)
        value: str | int | None = None
        try:
            value = text if isinstance(getattr(self._operation, name), str) else _bytes(text)
            self._bad.pop(name, None)
        except UsageError as error:
            self._bad[name] = str(error)
        if self._bad != bad:
            self.complaint.setText("\n".join(self._bad.values()))
            self.complaint.setVisible(bool(self._bad))
            self.judged.emit()
        return value

    def _take(self, name: str) -> None:
        value = self._read(name)
        if value is not None:
            self._change(**{name: value})

    def _change(self, **values: object) -> None:
        made = changed(self._operation, **values)
        if made != self._operation:
            self._operation = made
            self.edited.emit(made)


def _bytes(text: str) -> int:
    """Bytes from a field; 0: it is empty. :raises UsageError: it is no size, or more than QEMU's 64 bits can say."""
    told = size(text) if text else 0
    if told > _LARGEST:
        raise UsageError(f"{text!r} is more than QEMU can be told.")
    return told


def _shown(value: object) -> str:
    """A value as the field takes it back: sizes in the largest unit that divides them."""
    if not isinstance(value, int):
        return str(value or "")
    for shift, unit in ((40, "T"), (30, "G"), (20, "M"), (10, "k")):
        if value and not value % (1 << shift):
            return f"{value >> shift}{unit}"
    return str(value) if value else ""


def remark(operation: Operation) -> str:
    """What the folded options say at a glance: `no speed limit`, `at most 50 MiB/s`."""
    speed = getattr(operation, "speed", None)
    if not isinstance(speed, int):
        return ""
    return f"at most {rate(speed)}" if speed else "no speed limit"
