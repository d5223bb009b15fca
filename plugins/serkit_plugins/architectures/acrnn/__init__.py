"""3-D ACRNN of Chen, He, Yang and Zhang (IEEE SPL 25(10), 2018)."""
