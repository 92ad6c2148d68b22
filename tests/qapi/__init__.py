"""Tests of qapi."""
