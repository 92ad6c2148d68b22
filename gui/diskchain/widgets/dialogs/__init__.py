"""What slides in or opens beside the window; never modal, never a nested event loop."""
