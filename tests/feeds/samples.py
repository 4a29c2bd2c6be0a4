"""Rows to break: one good row of each feed, as texts and as CSV lines."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from agentic_commerce.feeds import PRODUCT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PRODUCT_ROW = {
    "id": "SKU-1",
    "title": "Floral Polo Shirt",
    "description": "A polo shirt.",
    "link": "https://example.com/product/SKU-1",
    "image_link": "https://example.com/image1.jpg",
    "availability": "in_stock",
    "price": "15.00 USD",
    "brand": "Stripe",
    "gtin": "3234567890126",
    "product_category": "Apparel > Shirts",
    "inventory_quantity": "100",
    "shipping": "US:ALL:Standard:3-5:5.00 USD",
}
INVENTORY_ROW = {"id": "SKU-1", "availability": "in_stock", "inventory_quantity": "100"}
PRICING_ROW = {"id": "SKU-1", "price": "15.00 USD"}
PROMOTION_ROW = {
    "promotion_id": "SUMMER",
    "title": "Summer sale",
    "active_period": "2026-06-01T00:00:00Z/2026-06-30T23:59:59Z",
    "benefit_type": "percent_off",
    "percent_off": "20",
    "target_selection": "all_products",
    "application_type": "automatic",
}
GOOD = {
    "product": PRODUCT_ROW,
    "inventory": INVENTORY_ROW,
    "pricing": PRICING_ROW,
    "promotion": PROMOTION_ROW,
}

# Every column of the product document filled with its documented example.
FULL_ROW = {
    "id": "SKU12AB3456",
    "title": "Men\N{RIGHT SINGLE QUOTATION MARK}s Floral Polo Shirt",
    "description": "Bring a burst of fun to your golf game with this shirt",
    "link": "https://example.com/product/SKU12AB3456",
    "brand": "Stripe",
    "gtin": "3234567890126",
    "mpn": "STR12345",
    "image_link": "https://example.com/image1.jpg",
    "additional_image_link": "https://www.example.com/image2%2C3.jpg,"
    "https://www.example.com/image2%2C4.jpg",
    "video_link": "https://youtu.be/12345",
    "model_3d_link": "https://www.example.com/products/xyz.glb",
    "condition": "new",
    "google_product_category": "Apparel & Accessories > Clothing > Dresses",
    "product_category": "Apparel & Accessories > Clothing > Outerwear",
    "age_group": "infant",
    "material": "leather",
    "length": "20 in",
    "width": "20 in",
    "height": "20 in",
    "weight": "2.5 lb",
    "item_group_id": "Shoe1234",
    "item_group_title": "Shoes",
    "color": "Black",
    "size": "10",
    "size_system": "US",
    "gender": "male",
    "custom_variant_option_name_1": "Material",
    "custom_variant_option_value_1": "Oak",
    "availability": "in_stock",
    "availability_date": "2026-02-24",
    "expiration_date": "2026-12-31",
    "inventory_not_tracked": "false",
    "inventory_quantity": "100",
    "price": "15.00 USD",
    "sale_price": "12.99 USD",
    "sale_price_effective_date": "2025-12-01/2025-12-15",
    "stripe_product_tax_code": "txcd_99999999",
    "third_party_tax_code": "anrok:prod_abc123",
    "tax_behavior": "exclusive",
    "shipping_tax_behavior": "inclusive",
    "applicable_fees": "US:CA:Recycling Fee:0.25 USD",
    "shipping": "US:ALL:Standard Shipping:3-5:0.00 USD,US:ALL:Expedited Shipping:1-2:12.99 USD",
    "shipping_cost_basis": "per_item",
    "free_shipping_threshold": "US:ALL:Standard Shipping:50.00 USD,"
    "US:ALL:Expedited Shipping:100.00 USD",
    "popularity_score": "4.7",
    "return_rate": "2.0",
    "product_review_count": "124",
    "product_review_rating": "4.3",
    "related_products": "accessory:SKU-9,upsell:SKU-8",
    "product_warning": "prop_65: May contain lead",
    "age_restriction": "18",
    "custom_label_0": "summer",
    "disable_checkout": "false",
    "delete": "false",
}


def csv_text(rows: Iterable[Mapping[str, str]], columns: Iterable[str] | None = None) -> str:
    """The rows as a CSV file with a header."""
    listed = list(rows)
    names = list(columns or dict.fromkeys(name for row in listed for name in row))
    file = io.StringIO()
    writer = csv.DictWriter(file, names, restval="")
    writer.writeheader()
    writer.writerows(listed)
    return file.getvalue()


def csv_bytes(*rows: Mapping[str, str]) -> bytes:
    return csv_text(rows).encode()


def changed(feed: Any = PRODUCT, **cells: str) -> dict[str, str]:
    """The feed's good row with some cells changed."""
    return GOOD[feed.name] | cells
