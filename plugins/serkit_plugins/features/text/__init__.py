"""Words as rows of numbers: hashed character n-grams, and pretrained encoders."""
