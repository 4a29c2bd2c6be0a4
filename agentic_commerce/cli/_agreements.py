"""The commands about Agreements."""

from __future__ import annotations

from typing import Annotated

import typer

from agentic_commerce.cli._account import Account, ApiUrl, AsJson, connected
from agentic_commerce.cli._results import print_agreement

__all__ = ["agreements"]

agreements = typer.Typer(no_args_is_help=True, help="Agreements between sellers and agents.")

Id = Annotated[str, typer.Argument(metavar="ID", help="The Agreement's id.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@agreements.command("list")
def list_all(account: Account = None, json: AsJson = False, api_url: ApiUrl = "") -> None:
    """List Agreements, one a line."""
    with connected(account, api_url) as client:
        for agreement in client.agreements.list():
            print_agreement(agreement, as_json=json)


@agreements.command()
def show(id: Id, account: Account = None, json: AsJson = False, api_url: ApiUrl = "") -> None:  # noqa: A002
    """Show an Agreement."""
    with connected(account, api_url) as client:
        print_agreement(client.agreements.retrieve(id), as_json=json)


@agreements.command()
def confirm(id: Id, account: Account = None, json: AsJson = False, api_url: ApiUrl = "") -> None:  # noqa: A002
    """Confirm an Agreement, for the account."""
    with connected(account, api_url) as client:
        print_agreement(client.agreements.confirm(id), as_json=json)


@agreements.command()
def terminate(
    id: Id,  # noqa: A002 - Stripe's word
    account: Account = None,
    yes: Yes = False,
    json: AsJson = False,
    api_url: ApiUrl = "",
) -> None:
    """End an Agreement, which cannot be undone."""
    if not yes:
        typer.confirm(f"End Agreement {id} for good?", abort=True, err=True)
    with connected(account, api_url) as client:
        print_agreement(client.agreements.terminate(id), as_json=json)
