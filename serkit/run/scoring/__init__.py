"""Parts of ``serkit.run.evaluation``: calling metrics, intervals, curves, groups, the published figure."""
