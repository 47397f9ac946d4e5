"""The commands, a module each: ``crossdock.cli.commands.NAME`` holds one click command called ``command``.

A module is imported when its command is run, so that no command waits for another's imports. That is why
the summaries that ``crossdock --help`` lists are here: each one is the first sentence of its command's help.
"""

from __future__ import annotations

from typing import Final

SUMMARIES: Final = {
    "answer": "Answer a RetailOPS request by calling the channel.",
    "bulk": "Convert files with many payloads into a directory.",
    "check": "Check mappings and conversations, and report every mistake.",
    "compile": "Compile mappings to Python before they are used.",
    "completion": "Print the script that completes commands in your shell.",
    "coverage": "Show which fields a mapping covers and which rules are run.",
    "derive": "Derive schemas from documents, samples, or an API's description.",
    "diff": "Show how the results of two versions of a mapping differ.",
    "doctor": "Show what is installed, used and missing.",
    "explain": "Show where each field of a result comes from.",
    "functions": "List the functions for expressions and templates.",
    "journal": "Look at what a gateway was asked and did, and do it again.",
    "list": "List the mappings that you can use here.",
    "lsp": "Answer an editor's questions about the files of a project.",
    "mcp": "Offer the commands of a project to an assistant.",
    "mutate": "List the changes to a mapping that no example detects.",
    "new": "Create the folders and first files of a channel.",
    "overview": "Print the actions and calls of each channel as Markdown.",
    "plan": "Print the calls for a RetailOPS request without making them.",
    "schema": "Print the JSON Schema of a payload or of a kind of file.",
    "serve": "Answer RetailOPS' requests over HTTP, each once.",
    "sheet": "Print a mapping as a table for people who do not read YAML.",
    "show": "Print the YAML file of a mapping.",
    "studio": "Show mappings, payloads and results in the browser.",
    "suggest": "Draft a mapping from one schema to another.",
    "transform": "Convert a payload with a mapping.",
}
