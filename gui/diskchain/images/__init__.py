"""Image files without QEMU running: what their headers say."""
