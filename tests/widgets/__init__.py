"""Tests of the window and what is in it."""
