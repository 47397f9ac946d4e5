"""The command line: it reads arguments, prints, and exits. It decides nothing."""
