"""``agentic-commerce sandbox``: Stripe's side as a server, for a platform in any language."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agentic_commerce import testing

if TYPE_CHECKING:
    from agentic_commerce.testing.sandbox import Sandbox, World

__all__ = ["NEEDS", "PORT", "run", "sandbox"]

PORT: Final = 12111
NEEDS: Final = ("starlette", "uvicorn")
_LOOK: Final = 0.1  # seconds between two looks at what has come


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = PORT,
    seed: Annotated[int, typer.Option(help="The same seed gives the same keys and ids.")] = 0,
    feed: Annotated[
        list[str] | None,
        typer.Option(help="A product feed to begin with, as in acct_1=catalog.csv; repeat it."),
    ] = None,
    events: Annotated[
        list[str] | None,
        typer.Option(
            help="A URL where events go, or thin=URL (API v2) and snapshot=URL (API v1); repeat it."
        ),
    ] = None,
    hooks: Annotated[str, typer.Option(help="Your hooks' URL, for purchases that name none.")] = "",
    index_seconds: Annotated[float, typer.Option(min=0, help="How long an import takes.")] = 2.0,
) -> None:
    """Serve Stripe's side of agentic commerce on 127.0.0.1, until Ctrl-C.

    Everything is in memory. Events go to the URLs that you name, nothing else leaves the machine.
    """
    if lacking := [name for name in NEEDS if find_spec(name) is None]:
        names = " and ".join(lacking)
        message = f"The sandbox needs {names}: pip install 'agentic-commerce[cli,sandbox]'"
        typer.echo(message, err=True)
        raise typer.Exit(2)
    from agentic_commerce.testing.sandbox import Clock  # noqa: PLC0415 - loads every room

    box = testing.Sandbox(seed=seed, clock=Clock(real=True), index_seconds=index_seconds)
    box.hook_url = hooks or None
    for text in feed or ():
        _stock(box, text)
    for text in events or ():
        _listen(box, text)
    stop = threading.Event()
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    with _until_signal(stop):
        run(box, port, console, stop.wait)


def _listen(box: Sandbox, text: str) -> None:
    if text.startswith("thin="):
        box.listen(text.removeprefix("thin="), payload="thin")
    elif text.startswith("snapshot="):
        box.listen(text.removeprefix("snapshot="), payload="snapshot")
    else:
        box.listen(text)


def _stock(box: Sandbox, text: str) -> None:
    account, equals, path = text.partition("=")
    if not equals:
        raise typer.BadParameter("write acct_...=path", param_hint="--feed")
    try:
        report = box.load_feed(path, account=account)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}", param_hint="--feed") from None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--feed") from None
    typer.echo(f"{account}: {path}: {report}")


@contextmanager
def _until_signal(stop: threading.Event) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the server, not the process: it closes its connections first."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(box: Sandbox, port: int, console: Console, stopped: Callable[[float], bool]) -> None:
    """Serve, and show what comes, until ``stopped`` (which waits so many seconds) says so."""
    try:
        server = box.serve(port)
    except OSError as error:
        typer.echo(f"port {port}: {error.strerror}; choose another with --port", err=True)
        raise typer.Exit(2) from None
    with server:
        for line in _settings(box, server.url):
            console.print(line)
        with _Screen(console, box) as screen:
            while not stopped(_LOOK):
                box.follow_up()
                screen.show()
            screen.show()
    console.print("The sandbox has stopped.")


def _settings(box: Sandbox, url: str) -> Iterator[str]:
    """What a platform's settings need, as lines of an environment file."""
    yield f"# Stripe sandbox on {url}, until Ctrl-C. Its secrets are made up and open nothing else."
    yield f"STRIPE_API_KEY={box.api_key}"
    yield f"STRIPE_API_URL={url}"
    yield f"STRIPE_HOOK_SECRET={box.hook_secret}"
    yield f"STRIPE_EVENT_SECRET={box.event_secret}"
    if box.hook_url:
        yield f"# Hooks go to {box.hook_url}"
    for destination in box.delivery.destinations:
        yield f"# Events ({destination.payload}) go to {destination.receiver}"


class _Screen:
    """Prints what the sandbox saw, line by line; on a terminal a table below shows its state."""

    def __init__(self, console: Console, box: Sandbox) -> None:
        self._console, self._box = console, box
        self._attempts = 0
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._last: dict[str, object] = {}

    def __enter__(self) -> _Screen:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self) -> None:
        """Print what is new."""
        lines = [*self._new()]
        for line in lines:
            self._console.print(line)
        if lines and self._console.is_terminal:
            self._live.update(_state(self._box), refresh=True)

    def _new(self) -> Iterator[Text]:
        for seen in self._later("requests", [*self._box.requests]):
            yield Text(str(seen), "" if seen.status < 400 else "red")
        for result in self._later("purchases", [*self._box.purchases]):
            outcome = f"purchase {result.status}" + (f" ({result.code})" if result.code else "")
            yield Text(outcome, "green" if result.completed else "red")
            yield from (Text(f"  {call}") for call in result.calls)
        attempts = self._box.attempts
        for attempt in attempts[self._attempts :]:
            said = attempt.error or attempt.status
            yield Text(f"event {attempt.type}: {said}", "cyan" if attempt.ok else "red")
        self._attempts = len(attempts)

    def _later(self, name: str, things: list[Any]) -> list[Any]:
        """Return what stands behind the last that was shown: a deque forgets its oldest."""
        last = self._last.get(name)
        self._last[name] = things[-1] if things else None
        return things[next((n for n, one in enumerate(things, 1) if one is last), 0) :]


def _state(box: Sandbox) -> Table:
    table = Table(title="What the sandbox holds", title_justify="left")
    for name in ("account", "products", "imports", "agreements", "orders"):
        table.add_column(name, justify="left" if name == "account" else "right")
    for world in [*box.worlds.values()]:
        table.add_row(*_counts(world))
    return table


def _counts(world: World) -> Iterator[str]:
    yield world.account or "the platform"
    yield str(len(world.catalog))
    yield str(len(world.import_sets) + len(world.catalog_imports))
    yield str(len(world.agreements))
    yield str(len(world.sessions))
