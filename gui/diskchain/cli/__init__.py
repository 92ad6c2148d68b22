"""The commands without a window: graph, watch, run, record, found. No Qt here: pictures are painted by a renderer handed in."""
