"""The checks of datasets, by what they ask; ``serkit.testing.conformance.datasets`` lists them."""
