"""QEMU's vocabulary as values, and the only reader of QEMU's replies."""
