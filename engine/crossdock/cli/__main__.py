"""``python -m crossdock.cli``: the same as the console script."""

from crossdock.cli.app import main

main()
