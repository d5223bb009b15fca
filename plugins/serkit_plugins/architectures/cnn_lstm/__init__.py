"""CNN and LSTM in series or in parallel, the baseline that papers on attention compare with."""
