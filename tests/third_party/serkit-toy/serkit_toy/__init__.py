"""A stranger's plugin as small as it can be, one thing of what a stranger may bring that needs no torch."""
