"""Kernels: ``reference`` defines each in NumPy float64, ``native`` is the compiled core, ``jit`` is Numba."""
