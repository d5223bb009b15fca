"""A stranger's plugin as small as it can be: one thing of each kind that a stranger may bring."""
