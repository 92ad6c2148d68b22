"""Tests of the sheets and dialogs."""
