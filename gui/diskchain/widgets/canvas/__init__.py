"""The canvas: the live graph, drawn, animated, and operated by hand."""
