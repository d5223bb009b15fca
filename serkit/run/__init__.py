"""SerKit."""
