"""Kernels that branch and walk (pitch periods, tracks, ragged frames), compiled by Numba with the GIL released."""
