"""Recurrent network with local attention of Mirsamadi, Barsoum and Zhang (ICASSP 2017)."""
