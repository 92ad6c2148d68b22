"""One machine watched and worked: keeps its state fresh, carries operations out. asyncio, no Qt."""
