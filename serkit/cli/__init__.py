"""The command line: one command a file, each of which imports what is heavy inside its function."""
