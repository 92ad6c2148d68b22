"""Paints a laid-out graph on any painter (Qt Gui only, no widgets): the canvas and `diskchain graph` share it."""
