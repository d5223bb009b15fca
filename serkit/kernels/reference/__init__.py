"""The definition of every kernel, in NumPy float64: slow, short, and what tests hold the fast ones to."""
