"""The version of Crossdock. A module of its own, so that the lowest packages can name it."""

__version__ = "0.1.0"
