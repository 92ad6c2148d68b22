"""Tests on a real QEMU."""
