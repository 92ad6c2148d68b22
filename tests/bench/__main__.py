"""`python -m tests.bench [NAME...]`: runs benches, each in a process of its own, and prints what they measured."""

from __future__ import annotations

import subprocess
import sys

BENCHES: dict[str, tuple[tuple[str, ...], ...]] = {
    "svg": ((),),
    "startup": ((),),
    "reply": ((),),
    "refresh": ((),),
    "latency": ((),),
    "holds": (("20",), ("1000",)),
    "frames": (("1000",), ("1000", "full"), ("5000",), ("5000", "full")),
    "plots": ((),),
    "still": ((),),
    "memory": ((),),
    "copying": ((),),
}
"""Bench -> the words of each of its runs."""


def main(names: list[str]) -> int:
    """Run the benches of these names, without names all; 1 where one of them could not measure."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {unknown[0]}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    failed = False
    for name in names or BENCHES:
        for words in BENCHES[name]:
            failed |= subprocess.run([sys.executable, "-m", f"tests.bench.{name}", *words], check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
