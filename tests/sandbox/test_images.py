"""The images that are written without qemu-img are what qemu-img takes for good ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diskchain.sandbox.images import CHAINS, CLUSTER, MIB, files, write
from tests.support.tools import QEMU_IMG, headers, restored, tool


def test_qemu_img_finds_no_fault(tmp_path: Path) -> None:
    write(tmp_path)
    for name in files():
        if name.endswith("qcow2"):
            facts = json.loads(tool(QEMU_IMG, "check", "--output=json", tmp_path / name))
            assert facts["check-errors"] == 0, name
            assert "leaks" not in facts, name


def test_headers_say_path_and_format(tmp_path: Path) -> None:
    write(tmp_path)
    for chain in CHAINS.values():
        *above, base = headers(tmp_path / chain[-1].file)
        seen = [(image["backing-filename"], image["backing-filename-format"]) for image in above]
        assert seen == [(str(tmp_path / layer.file), layer.driver) for layer in chain[-2::-1]]
        assert "backing-filename" not in base


@pytest.mark.parametrize("disk", list(CHAINS))
def test_each_cluster_reads_as_the_uppermost_layer_that_has_it(disk: str, tmp_path: Path) -> None:
    write(tmp_path)
    chain = CHAINS[disk]
    found = restored(tmp_path / chain[-1].file)
    assert len(found) == chain[0].size
    owner = {cluster: layer.name for layer in chain for cluster in layer.clusters()}
    for cluster in range(chain[0].size // CLUSTER):
        start = found[cluster * CLUSTER : cluster * CLUSTER + 40]
        wanted = f"{owner[cluster]} cluster {cluster} ".encode() if cluster in owner else bytes(40)
        assert start.startswith(wanted), cluster


def test_each_layer_holds_data_and_all_is_small(tmp_path: Path) -> None:
    write(tmp_path)
    for chain in CHAINS.values():
        for layer in chain:
            length = sum(length for _, length in layer.runs) * MIB
            on_disk = (tmp_path / layer.file).stat().st_blocks * 512
            assert 0.03 * layer.size < length <= on_disk < length + MIB
            assert layer.size <= 256 * MIB


def test_no_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "overlay1.qcow2").write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        write(tmp_path)
    assert (tmp_path / "overlay1.qcow2").read_bytes() == b"precious"
