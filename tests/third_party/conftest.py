"""What lies in the package of a stranger is run where it is installed (``test_installed.py``), not from here."""

collect_ignore = ["serkit-toy"]
