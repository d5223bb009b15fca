"""Torch ops over the compiled kernels; each submodule registers its own when it is imported."""
