"""SerKit: speech emotion recognition you can trust."""

__version__ = "0.1.0"
