"""Benchmarks: `./packaging/bench [NAME...]`. Each module is one bench, run in a process of its own; see `figure`."""
