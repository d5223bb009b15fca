"""What only these benches need: LM3 and its peers, speech, child processes; the rest is ``serkit.testing.bench``."""
