"""Lines to QEMU: real ones, faulty ones, recorded ones."""
