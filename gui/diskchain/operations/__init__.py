"""What a user can do: one module for each operation, and the one place that decides and explains."""
