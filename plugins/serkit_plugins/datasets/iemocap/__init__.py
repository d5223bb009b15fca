"""IEMOCAP, the Interactive Emotional Dyadic Motion Capture database (Busso et al. 2008)."""
