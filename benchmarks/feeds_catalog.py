"""A catalog like a real one, made from a seed: every column, texts that repeat, 3 % bad rows."""

from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

from agentic_commerce.feeds import PRODUCT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COLUMNS = tuple(PRODUCT.columns)
WORDS = (  # noqa: SIM905 - forty words in a list would fill the page
    "alpine aurora basalt breeze canyon cedar cobalt coral delta ember fjord glacier harbor indigo"
    " juniper lagoon maple meadow mesa nimbus ocean onyx orchid pebble pine prairie quartz ridge"
    " river saffron sierra slate summit timber tundra velvet willow zephyr jacket bottle lamp chair"
    " boots tent mug kettle scarf blanket backpack notebook"
).split()
BRANDS = [f"{a.title()} {b.title()}" for a in WORDS[:12] for b in WORDS[12:22]]
CATEGORIES = [
    f"{a.title()} & {b.title()} > {c.title()} > {d.title()}"
    for a, b, c, d in zip(WORDS * 6, WORDS[5:] * 6, WORDS[11:] * 6, WORDS[17:] * 6, strict=False)
]
SHIPPING = [
    f"US:ALL:Standard Shipping:3-{slow}:{fee}.00 USD,US:ALL:Expedited Shipping:1-2:{fast}.99 USD"
    for slow in (5, 6, 7)
    for fee in (0, 4, 5, 6, 8)
    for fast in (9, 12, 15, 19)
] + [f"US:{z}*-{z + 4}*:Courier:0-1:{z % 7 + 8}.49 USD" for z in range(10, 90, 5)]
COLORS = ("Black", "White", "Navy", "Forest Green", "Sand", "Rust", "Sky Blue", "Charcoal")


def gtin(rng: random.Random) -> str:
    body = [rng.randrange(10) for _ in range(12)]
    total = sum(digit * (3 if i % 2 else 1) for i, digit in enumerate(body))
    return "".join(map(str, body)) + str(-total % 10)


def good_row(rng: random.Random, number: int) -> dict[str, str]:
    sku, group = f"SKU-{number:08d}", number // 6
    words = rng.choices(WORDS, k=70)
    chance = rng.random
    # Prices crowd at the low end and at charming cents; so do counts of reviews at the low end.
    price = int(10 ** rng.uniform(0.7, 2.6)) + rng.choice((0.99, 0.99, 0.99, 0.95, 0.5, 0.0))
    shop = f"https://shop{group % 40}.example.com"
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "id": sku,
        "title": " ".join(words[:5]).title(),
        "description": " ".join(words[5:65]).capitalize() + ".",
        "link": f"{shop}/products/{words[0]}-{words[1]}-{sku}",
        "image_link": f"{shop}/images/{sku}/main-1200x1200.jpg",
        "availability": rng.choice(("in_stock", "in_stock", "in_stock", "out_of_stock")),
        "price": f"{price:.2f} USD",
        "brand": BRANDS[group % len(BRANDS)],
        "mpn": f"MPN{number:07d}",
        "condition": "new",
        "google_product_category": CATEGORIES[group % len(CATEGORIES)],
        "product_category": CATEGORIES[group % 90],
        "age_group": "adult",
        "material": rng.choice(("Cotton", "Wool", "Steel", "Oak", "Recycled polyester")),
        "weight": f"{rng.randrange(1, 60) / 4:.2f} lb",
        "color": rng.choice(COLORS),
        "size": rng.choice(("S", "M", "L", "XL", "10", "10.5")),
        "gender": "unisex",
        "inventory_not_tracked": "false",
        "inventory_quantity": str(rng.randrange(0, 900)),
        "stripe_product_tax_code": "txcd_99999999",
        "tax_behavior": "exclusive",
        "shipping": SHIPPING[group % len(SHIPPING)],
        "shipping_cost_basis": "per_order",
        "popularity_score": f"{rng.randrange(51) / 10:.1f}",
        "return_rate": f"{rng.randrange(200) / 10:.1f}",
        "product_review_count": str(int(10 ** rng.uniform(0, 3.4))),
        "product_review_rating": f"{rng.randrange(10, 51) / 10:.1f}",
        "delete": "false",
    }
    if chance() < 0.7:
        row["gtin"] = gtin(rng)
    if chance() < 0.6:
        row["additional_image_link"] = ",".join(
            f"{shop}/images/common/{group % 300}-{i}.jpg" for i in range(2)
        )
    if chance() < 0.7:
        row |= {k: f"{rng.randrange(1, 80) / 2:.1f} in" for k in ("length", "width", "height")}
    if group % 2:
        row |= {"item_group_id": f"GRP-{group}", "item_group_title": " ".join(words[:3]).title()}
        row |= {"custom_variant_option_name_1": "Finish", "size_system": "US"}
        row["custom_variant_option_value_1"] = rng.choice(("Matte", "Gloss"))
    if chance() < 0.25:
        row |= {
            "sale_price": f"{price * 0.8:.2f} USD",
            "sale_price_effective_date": f"2026-11-0{group % 9 + 1}/2026-12-{group % 20 + 1:02d}",
        }
    if row["shipping"].startswith("US:ALL") and chance() < 0.8:
        row["free_shipping_threshold"] = "US:ALL:Standard Shipping:50.00 USD"
    if chance() < 0.2:
        row["applicable_fees"] = f"US:{rng.choice(('CA', 'NY', 'ME'))}:Recycling Fee:0.25 USD"
    if chance() < 0.05:
        row |= {"availability": "preorder", "availability_date": f"2027-0{group % 9 + 1}-15"}
    if chance() < 0.3:
        row |= {"custom_label_0": f"season-{group % 4}", "video_link": f"{shop}/videos/{group}.mp4"}
    return row


BREAKERS: tuple[Callable[[dict[str, str]], object], ...] = (
    lambda row: row.update(title="  "),
    lambda row: row.update(title=row["title"] * 9),
    lambda row: row.update(price="$" + row["price"][:-4]),
    lambda row: row.update(price=row["price"].replace(".", ",")),
    lambda row: row.update(price=row["price"].lower()),
    lambda row: row.update(price="19.999 USD"),
    lambda row: row.update(price="NaN USD"),
    lambda row: row.update(availability="in stock"),
    lambda row: row.update(availability="preorder", availability_date=""),
    lambda row: row.update(link=row["link"].removeprefix("https://")),
    lambda row: row.update(image_link=row["image_link"].replace("main", "main image")),
    lambda row: row.update(gtin="", mpn=""),
    lambda row: row.update(gtin="4006381-333931"),
    lambda row: row.update(google_product_category="", product_category=""),
    lambda row: row.update(weight="2.5 lbs"),
    lambda row: row.update(length="1 in", width="2 cm", height="3 in"),
    lambda row: row.update(inventory_not_tracked="true", inventory_quantity="5"),
    lambda row: row.update(inventory_quantity=""),
    lambda row: row.update(inventory_quantity="1_0"),
    lambda row: row.update(sale_price="1.00 USD", sale_price_effective_date=""),
    lambda row: row.update(
        sale_price="1.00 EUR", sale_price_effective_date="2026-11-01/2026-12-01"
    ),
    lambda row: row.update(
        sale_price="1.00 USD", sale_price_effective_date="2026-12-01/2026-11-01"
    ),
    lambda row: row.update(shipping="US:ALL:Standard:5.99 USD", free_shipping_threshold=""),
    lambda row: row.update(shipping="USA:ALL:Standard:3-5:5.99 USD", free_shipping_threshold=""),
    lambda row: row.update(free_shipping_threshold="US:ALL:Overnight:50.00 USD"),
    lambda row: row.update(applicable_fees="US:CA:Fee: state:0.25 USD"),
    lambda row: row.update(custom_variant_option_name_2="Pattern"),
    lambda row: row.update(product_review_rating=""),
    lambda row: row.update(product_review_count="0"),
    lambda row: row.update(popularity_score="5.1"),
    lambda row: row.update(return_rate="2.0%"),
    lambda row: row.update(expiration_date="2026-02-30"),
    lambda row: row.update(stripe_product_tax_code="txcd_1"),
    lambda row: row.update(id="SKU-00000000"),
)


def make_catalog(path: Path, rows: int, columns: tuple[str, ...] = COLUMNS) -> set[int]:
    """Write a catalog; the row numbers of its bad rows (the header is row 1)."""
    rng = random.Random(7)  # noqa: S311 - a seed, not a secret
    bad = set()
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        for number in range(rows):
            row = good_row(rng, number)
            if number and rng.random() < 0.03:
                rng.choice(BREAKERS)(row)
                bad.add(number + 2)
            writer.writerow(row)
    return bad
