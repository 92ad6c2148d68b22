"""What a machine's block layer is, as immutable values. Standard library only; nothing here knows QMP or Qt."""
