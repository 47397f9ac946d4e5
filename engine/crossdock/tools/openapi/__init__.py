"""A published API description (OpenAPI 3.0 or 3.1) -> the first files of a channel.

``description`` reads the document with the line of each part. ``schemas`` makes JSON Schemas of its parts.
``operations`` lists its calls, and picks those that may answer an action. ``files`` makes the files.
"""
