"""What an account sells, as its feeds left it.

Of each product the cells are kept as they were written, in one piece of bytes: a fifth of what
typed rows would take. A file lays its columns over those that are there, so a product is a short
pile of such pieces, in which the newer hide the older; a piece that is hidden altogether is thrown
away. A column that a file does not have is left as it is. What a blank cell means is not
documented: here it clears the value, or with ``blank_cells="keep"`` leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

from agentic_commerce.feeds import PRODUCT, Feed, ProductRow

__all__ = ["BlankCells", "Catalog", "Staged"]

BlankCells = Literal["clear", "keep"]

_Pile: TypeAlias = "bytes | tuple[bytes, ...]"
_CACHED: Final = 2048
_QUANTITY: Final = "inventory_quantity"


class Staged:
    """The rows of one file, read but not yet in a catalog: see `Catalog.stage`."""

    def __init__(self, names: tuple[str, ...], head: str, key: str) -> None:
        self.columns = frozenset(filter(None, names))
        self.rows: dict[str, bytes] = {}
        self.deleted: set[str] = set()
        self._head = head
        self._key_at = names.index(key)
        self._delete_at = names.index("delete") if "delete" in names else None

    def add(self, cells: Sequence[str]) -> None:
        """Take a row that has no error."""
        if self._delete_at is not None and cells[self._delete_at] == "true":
            self.deleted.add(cells[self._key_at])
        else:
            # No cell can hold a NUL: a check refuses its row.
            self.rows[cells[self._key_at]] = (self._head + "\0".join(cells)).encode()


class Catalog:
    """The products of one account, by SKU. Every method may be called from any thread."""

    def __init__(self, blank_cells: BlankCells = "clear") -> None:
        if blank_cells not in ("clear", "keep"):
            raise ValueError("blank_cells is 'clear' or 'keep'")
        self._keeps_blanks = blank_cells == "keep"
        self._lock = threading.RLock()
        self._piles: dict[str, _Pile] = {}
        # Which columns the pieces have. A piece begins with the number of its columns here.
        self._columns: list[tuple[str, ...]] = []
        self._sets: list[frozenset[str]] = []
        self._heads: dict[tuple[str, ...], str] = {}
        self._cache: dict[str, ProductRow] = {}

    # ------------------------------------------------------------------------------------ reading

    def __contains__(self, sku: object) -> bool:
        return sku in self._piles

    def __len__(self) -> int:
        return len(self._piles)

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter([*self._piles])

    def cells(self, sku: str) -> dict[str, str] | None:
        """What the feeds said of a product, by column, without blanks; None if there is none."""
        with self._lock:
            pile = self._piles.get(sku)
            if pile is None:
                return None
            found: dict[str, str] = {}
            for piece in (pile,) if isinstance(pile, bytes) else pile:
                found |= self._cells(piece)
            return {name: text for name, text in found.items() if text}

    def get(self, sku: str) -> ProductRow | None:
        """The product with this SKU as a typed row; None if there is none."""
        with self._lock:
            row = self._cache.get(sku)
            if row is None and (cells := self.cells(sku)) is not None:
                row = _typed(cells)
                if len(self._cache) >= _CACHED:
                    self._cache.clear()
                self._cache[sku] = row
            return row

    def quantity(self, sku: str) -> int | None:
        """How many can be sold; None if stock is not tracked, or there is no such product."""
        row = self.get(sku)
        return None if row is None or row.inventory_not_tracked else row.inventory_quantity

    # -------------------------------------------------------------------------------------- stock

    def take(self, sku: str, quantity: int) -> bool:
        """Take so many out of stock, all or none; whether there were enough.

        Of a product whose stock is not tracked there are always enough, of one that does not exist
        never.

        Raises: ValueError for a number below 1.
        """
        if quantity < 1:
            raise ValueError("a quantity is 1 or more")
        with self._lock:
            left = self.quantity(sku)
            if left is None:
                return sku in self._piles
            if left < quantity:
                return False
            self._set_quantity(sku, left - quantity)
            return True

    def put_back(self, sku: str, quantity: int) -> None:
        """Put so many back, where stock is tracked.

        Raises: ValueError for a number below 1.
        """
        if quantity < 1:
            raise ValueError("a quantity is 1 or more")
        with self._lock:
            left = self.quantity(sku)
            if left is not None:
                self._set_quantity(sku, left + quantity)

    def _set_quantity(self, sku: str, quantity: int) -> None:
        piece = f"{self._head((_QUANTITY,))}{quantity}".encode()
        self._lay(sku, piece, frozenset((_QUANTITY,)))

    # ------------------------------------------------------------------------------------- feeding

    def stage(self, header: Sequence[str], feed: Feed[Any]) -> Staged:
        """Begin to read a file with this header, which has the id's column."""
        names = tuple(name if name in feed.columns else "" for name in header)
        with self._lock:
            return Staged(names, self._head(names), feed.key)

    def upsert(self, staged: Staged) -> None:
        """Apply a product file: new ids are added, known ones get the columns that the file has."""
        with self._lock:
            for sku in staged.deleted:
                self._piles.pop(sku, None)
            self._lay_all(staged)

    def replace(self, staged: Staged) -> None:
        """Apply a product file that is the whole catalog: what it does not name is gone."""
        with self._lock:
            self._piles = {}
            self._lay_all(staged)

    def update(self, staged: Staged) -> None:
        """Apply an inventory or price file to the products that there are.

        The stock of a product that says it is not tracked stays untracked.
        """
        with self._lock:
            staged.rows = {sku: row for sku, row in staged.rows.items() if sku in self._piles}
            self._lay_all(staged)

    def _lay_all(self, staged: Staged) -> None:
        self._cache.clear()
        for sku, piece in staged.rows.items():
            if sku in self._piles:
                self._lay(sku, piece, staged.columns)
            else:
                self._piles[sku] = piece

    def _lay(self, sku: str, piece: bytes, columns: frozenset[str]) -> None:
        """Lay a piece over a product's others, and throw away those that it hides altogether."""
        self._cache.pop(sku, None)
        pile = self._piles[sku]
        older = (pile,) if isinstance(pile, bytes) else pile
        if self._keeps_blanks:
            self._piles[sku] = self._merged((*older, piece))
            return
        kept = [other for other in older if not columns.issuperset(self._sets[_number(other)])]
        self._piles[sku] = (*kept, piece) if kept else piece

    def _merged(self, pieces: Sequence[bytes]) -> bytes:
        """Make one piece of all, in which a blank hides nothing."""
        found: dict[str, str] = {}
        for each in pieces:
            found |= {name: text for name, text in self._cells(each).items() if text}
        names = tuple(sorted(found))
        return (self._head(names) + "\0".join(found[name] for name in names)).encode()

    def _head(self, names: tuple[str, ...]) -> str:
        """Return what a piece with these columns begins with."""
        if names not in self._heads:
            self._heads[names] = f"{len(self._columns)}\0"
            self._columns.append(names)
            self._sets.append(frozenset(filter(None, names)))
        return self._heads[names]

    def _cells(self, piece: bytes) -> dict[str, str]:
        number, *texts = piece.decode().split("\0")
        found: dict[str, str] = {}
        for name, text in zip(self._columns[int(number)], texts, strict=True):
            if name:  # of a column that a header repeats the first counts, as in a check
                found.setdefault(name, text)
        return found


def _number(piece: bytes) -> int:
    return int(piece[: piece.index(b"\0")])


def _typed(cells: Mapping[str, str]) -> ProductRow:
    values = {name: column.parse(cells.get(name, "")) for name, column in PRODUCT.columns.items()}
    if values["inventory_not_tracked"]:
        values[_QUANTITY] = None
    return ProductRow(**values)
