"""What several tests need: a real QEMU with chains, a plain QMP line, an NBD client, the image tools."""
