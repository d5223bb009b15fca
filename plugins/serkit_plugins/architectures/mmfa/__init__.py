"""Multi-level multi-head fusion attention of Ho, Yang, Kim and Lee (IEEE Access 8, 2020), and its two halves."""
