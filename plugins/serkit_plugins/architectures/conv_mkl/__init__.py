"""Convolutional text features and audio functionals in a multiple-kernel classifier, after Poria et al. (ICDM 2016)."""
