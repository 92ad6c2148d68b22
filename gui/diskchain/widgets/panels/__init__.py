"""The panels around the canvas: inspector, jobs, plot, command log, tree."""
