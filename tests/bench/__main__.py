"""`python -m tests.bench [NAME...]`: runs benches, each in a process of its own, and prints what they measured."""

from __future__ import annotations

import subprocess
import sys

BENCHES = (
    "latency", "holds", "refresh", "reply", "frames", "copying", "plots", "still", "startup", "memory", "svg",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Run the benches of these names, without names all; 1 where one of them could not measure."""
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        print(f"There is no bench {unknown[0]}. There are: {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    codes = [subprocess.run([sys.executable, "-m", f"tests.bench.{name}"], check=False) for name in names or BENCHES]
    return 1 if any(code.returncode for code in codes) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
