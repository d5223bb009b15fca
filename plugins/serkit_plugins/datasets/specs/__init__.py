"""What SerKit says of each corpus, as data: one module a corpus, without its code."""
