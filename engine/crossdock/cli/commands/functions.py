"""``crossdock functions``: the functions that expressions and templates can call."""

from __future__ import annotations

import click

from crossdock.cli.completion import FUNCTION


@click.command(name="functions")
@click.argument("names", nargs=-1, metavar="[NAME]...", type=FUNCTION)
def command(names: tuple[str, ...]) -> None:
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
    for name in names or sorted(REGISTRY):
        function = REGISTRY[name]
        click.echo(f"{function.signature}\n    {function.doc}")
        for example in function.examples if names else ():
            click.echo(f"    {example.expression}  →  {encode(example.result, compact=True)}")
