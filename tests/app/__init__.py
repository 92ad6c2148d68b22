"""Tests of the window's application."""
