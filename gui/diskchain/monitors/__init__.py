"""The lines to QEMU: sockets, recordings, and what is found on this computer."""
