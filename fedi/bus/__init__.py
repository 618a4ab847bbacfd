"""News between processes."""
