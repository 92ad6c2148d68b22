"""The tests; the folders mirror gui/diskchain."""
