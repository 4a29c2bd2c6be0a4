"""A small catalog with bad rows, checked before its upload: ``python -m examples.feeds_demo``."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from agentic_commerce import feeds

CATALOG = """\
id,title,description,link,image_link,availability,price,brand,mpn,product_category,\
inventory_quantity,shipping,free_shipping_threshold
MUG-1,Enamel Mug,A mug for the trail.,https://shop.example/mug,https://shop.example/mug.jpg,\
in_stock,15.00 USD,Camp,M1,Home > Mugs,40,US:ALL:Standard:3-5:5.00 USD,US:ALL:Standard:50.00 USD
LAMP-1,Trail Lamp,A lamp.,https://shop.example/lamp,https://shop.example/lamp.jpg,\
in stock,$29.00,Camp,L1,Home > Lamps,12,US:ALL:Standard:3-5:5.00 USD,
TENT-1,Tent,A tent.,https://shop.example/tent,https://shop.example/my tent.jpg,\
preorder,"199,00 USD",Camp,,Outdoor > Tents,,US:ALL:Standard:5.99 USD,US:ALL:Overnight:50.00 USD
MUG-1,Enamel Mug,The same mug.,https://shop.example/mug,https://shop.example/mug.jpg,\
in_stock,15.00 USD,Camp,M1,Home > Mugs,40,US:ALL:Standard:3-5:5.00 USD,
"""


BAD_ROWS = {3, 4, 5}


def findings() -> tuple[feeds.FeedReport, list[str]]:
    """The report on the catalog, and its lines, like a linter's."""
    report = feeds.check(CATALOG.splitlines())
    lines = []
    for issue in report.issues:
        where = f"catalog.csv:{issue.row} {issue.column or 'row'}"
        lines += [f"{where}: {issue.severity}: {issue.message}"]
        lines += [f"    {issue.hint}"] if issue.hint else []
    return report, [*lines, f"catalog.csv: {report}"]


def feeds_chapter(console: Console) -> Iterator[str]:
    """Show the findings; yield what was not as expected."""
    console.print("\nA product feed, checked before its upload", style="bold")
    report, lines = findings()
    for line in lines:
        console.print(line, markup=False)
    refused = {issue.row for issue in report.issues if issue.severity == "error"}
    if refused != BAD_ROWS or report.valid_rows != 1:
        yield f"rows {sorted(BAD_ROWS)} of the catalog are refused, not {refused}"


def main() -> None:
    """Check the catalog and print what is wrong."""
    print("\n".join(findings()[1]))


if __name__ == "__main__":
    main()
