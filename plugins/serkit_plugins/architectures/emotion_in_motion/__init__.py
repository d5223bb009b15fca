"""Emotion in Motion: the 1-D convolutional network with attention of Gans, Theodores and Rusu (2020)."""
