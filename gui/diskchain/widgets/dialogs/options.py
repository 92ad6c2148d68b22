"""The form for an operation's options, read from the fields of its dataclass."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, cast

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QWidget

from diskchain.model.words import rate
from diskchain.operations.keys import UsageError, size
from diskchain.operations.operation import Operation
from diskchain.signal import Signal
from diskchain.widgets.boxed import boxed
from diskchain.widgets.dialogs.option_words import OPTIONS, Option
from diskchain.widgets.style import label
from diskchain.widgets.wrapped import wrapped

_ORDER = tuple(OPTIONS)
_LARGEST = 2**63 - 1
_PAUSE_MS = 400
"""Milliseconds after the last key until what was typed counts by itself."""
_LONGEST_BESIDE = 24
"""Letters of a label that stands beside its field."""


def options_of(operation: Operation) -> dict[str, object]:
    """The options of an operation and their present values, in the order in which they are asked for."""
    values = {entry.name: getattr(operation, entry.name) for entry in dataclasses.fields(_fields(operation))}
    named = (name.removeprefix(f"{operation.name}.") for name in _ORDER)
    asked = getattr(operation, "asked", tuple(values))
    return {name: values[name] for name in named if name in values and name in asked}


def _option(operation: Operation, name: str) -> Option:
    """How a field of an operation is asked for."""
    return OPTIONS.get(f"{operation.name}.{name}") or OPTIONS[name]


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
    """One field for each option. What is typed counts with Return, when the field is left, and a moment after the last key.

    :ivar edited: emits the operation with the options as they now are.
    :ivar judged: a field is understood again, or not any more; see `wrong`.
    """

    def __init__(self, operation: Operation, two_phased: bool) -> None:
        """`two_phased`: whether the end is chosen, so that it can be chosen beforehand."""
        super().__init__()
        self.edited: Signal[Operation] = Signal()
        self.judged: Signal[[]] = Signal()
        self.two_phased = two_phased
        self._operation = operation
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE_MS)
        self._pause.timeout.connect(self.finish)
        self._typed: dict[str, QLineEdit] = {}
        self._bad: dict[str, str] = {}
        self._asked = self._names(operation, two_phased)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
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
        self._pause.stop()
        for name in self._typed:
            self._take(name)

    @property
    def typing(self) -> bool:
        """Whether something was typed that does not count yet."""
        return self._pause.isActive()

    def rest(self) -> None:
        """Take nothing any more of what was typed last."""
        self._pause.stop()

    def begin(self, name: str) -> bool:
        """Give the keys to a field that is typed into; whether there is that one."""
        if name in self._typed:
            self._typed[name].setFocus(Qt.FocusReason.OtherFocusReason)
        return name in self._typed

    def go_on(self, before: OptionsForm) -> None:
        """Take the keys where the form before this one has them, at the same place in the text."""
        for name, line in before._typed.items():
            if line is self.window().focusWidget() and self.begin(name):
                self._typed[name].setCursorPosition(line.cursorPosition())

    def keep(self, operation: Operation) -> None:
        """The operation that further changes are made to; its options are those of the form already."""
        self._operation = operation

    def _add(self, form: QFormLayout, name: str, value: object) -> None:
        option = _option(self._operation, name)
        field: QWidget
        if isinstance(value, bool):
            field = box = QCheckBox()
            box.setChecked(value)
            box.toggled.connect(lambda now: self._change(**{name: now}))
            form.addRow(boxed(box, option.label))
        elif option.choices:
            field = combo = QComboBox()
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            for key, words in option.choices.items():
                combo.addItem(words, key)
            combo.setCurrentIndex(max(combo.findData(value), 0))
            combo.activated.connect(lambda _: self._change(**{name: combo.currentData()}))
            _add_row(form, option.label, combo)
        else:
            field = line = QLineEdit(_shown(value))
            line.setPlaceholderText(option.hint)
            self._typed[name] = line
            line.textChanged.connect(lambda _: self._read(name))
            line.textEdited.connect(lambda _: self._pause.start())
            line.editingFinished.connect(lambda: self._take(name))
            _add_row(form, option.label, line)
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


def _add_row(form: QFormLayout, words: str, field: QWidget) -> None:
    """A field with its words: beside it, or above it where they would leave it too little room."""
    if len(words) > _LONGEST_BESIDE:
        form.addRow(wrapped(words, tone="quiet"))
        form.addRow(field)
    else:
        form.addRow(label(words, tone="quiet"), field)


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
