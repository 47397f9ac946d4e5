"""``crossdock functions``: the functions that expressions and templates can call."""

from __future__ import annotations

import click

from crossdock.cli.completion import FUNCTION
from crossdock.cli.console import output_option, put


@click.command(name="functions")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=FUNCTION)
@output_option
def command(names: tuple[str, ...], output: str | None) -> None:
    """List the functions for expressions and templates.

    With NAME, only these functions are listed, with examples.
    """
    from crossdock.core.diagnostics import did_you_mean
    from crossdock.core.json_reader import encode
    from crossdock.language.functions import REGISTRY

    for name in names:
        if name not in REGISTRY:
            hint = did_you_mean(name, REGISTRY)
            raise click.BadParameter(f"there is no function `{name}`" + (f"; {hint}" if hint else ""))
    lines: list[str] = []
    for name in names or sorted(REGISTRY):
        function = REGISTRY[name]
        lines += [function.signature, f"    {function.doc}"]
        for example in function.examples if names else ():
            lines.append(f"    {example.expression}  →  {encode(example.result, compact=True)}")
    put("\n".join(lines), output)
