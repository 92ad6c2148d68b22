"""The guest's binary is what its source says, and a BIOS takes it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from diskchain import resources

SOURCE = resources.resource("guest", "guest.asm")
ROM = resources.resource("guest", "guest.rom")


def _sum(data: bytes) -> int:
    return sum(data) % 256


def test_sums_and_headers() -> None:
    rom = ROM.read_bytes()
    assert rom[:2] == b"\x55\xaa"
    assert len(rom) == rom[2] * 512
    at = int.from_bytes(rom[0x1A:0x1C], "little")
    assert rom[at : at + 4] == b"$PnP"
    length = rom[at + 5] * 16
    assert _sum(rom[at : at + length]) == 0, f"raise PNP_SUM by {-_sum(rom[at : at + length]) % 256:#x}"
    assert _sum(rom) == 0, f"raise ROM_SUM by {-_sum(rom) % 256:#x}"


def test_source_and_binary_agree(tmp_path: Path) -> None:
    """Where the assembler is there the source is assembled anew; everywhere its parameters must be those of the binary."""
    rom, source = ROM.read_bytes(), SOURCE.read_text()
    assembler = shutil.which("nasm")
    if assembler:
        subprocess.run([assembler, "-f", "bin", "-o", tmp_path / "rom", SOURCE], check=True)
        assert (tmp_path / "rom").read_bytes() == rom, "assemble it again: nasm -f bin -o guest.rom guest.asm"
    values = dict(line.split()[:3:2] for line in source.splitlines() if line.split()[1:2] == ["equ"])
    assert len(rom) == int(values["SIZE"])
    assert int(values["PNP_SUM"], 16) == rom[int.from_bytes(rom[0x1A:0x1C], "little") + 9]
    assert int(values["ROM_SUM"], 16) == rom[-1]
    assert b"\xb9" + int(values["SLOTS"]).to_bytes(2, "little") in rom  # mov cx, SLOTS
    assert b"\x3d" + int(values["MOST"]).to_bytes(2, "little") in rom  # cmp ax, MOST
