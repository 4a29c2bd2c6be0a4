"""The rows of the four feeds. The class body is the column table.

One line tells a column's name, type, whether it is required (it then has no default), what a cell
holds, and what it is for. Reader, writer, checks and the reference page are derived from it. Blank
cells are None, or ``()`` where a cell holds several values.

Rows are frozen for mypy only: freezing 62 slots at run time costs half as much again per row.

Sources: docs.stripe.com/agentic-commerce/product-catalog (the first edition), and its successor
/agentic-commerce/product-feed for columns marked ``newer``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, TypeVar

import attrs
from attrs import field

from agentic_commerce.feeds import columns as c
from agentic_commerce.feeds.entries import (
    ApplicableFee,
    FreeShippingThreshold,
    ProductWarning,
    RelatedProduct,
    ShippingOption,
    ThirdPartyTaxCode,
)
from agentic_commerce.feeds.values import (
    Category,
    DateRange,
    Dimension,
    Price,
    VariantOption,
    Weight,
)

if TYPE_CHECKING:
    from attrs import frozen as _row
else:

    def _row(**_):
        """Like ``frozen(kw_only=True)`` for mypy; slotted and positional at run time."""
        return attrs.define(unsafe_hash=True)


__all__ = [
    "FEEDS",
    "INVENTORY",
    "PRICING",
    "PRODUCT",
    "PROMOTION",
    "Deletion",
    "Feed",
    "InventoryRow",
    "PriceRow",
    "ProductRow",
    "PromotionRow",
]

_FIRST: Final = "product-catalog"
_NEWER: Final = "product-feed (newer)"
_SEEN: Final = "seen in use (newer)"


def _is(codec: c.Codec, doc: str, source: str = _FIRST) -> dict[str, Any]:
    """Field metadata: what a cell holds, what it is for, and where that is written."""
    return {"column": (codec, doc, source)}


Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder"]
AVAILABILITY: Final = c.choice("in_stock", "out_of_stock", "preorder", "backorder")
TAX_BEHAVIOR: Final = c.choice("inclusive", "exclusive")


@_row(kw_only=True)
class ProductRow:
    """One product or variant. Prices are Decimal major units.

    Source: docs.stripe.com/agentic-commerce/product-feed, "Product catalog field reference".

    >>> row = ProductRow(
    ...     id="SKU12AB3456",
    ...     title="Floral Polo Shirt",
    ...     description="A polo shirt.",
    ...     link="https://example.com/product/SKU12AB3456",
    ...     image_link="https://example.com/image1.jpg",
    ...     availability="in_stock",
    ...     price=Price.parse("15.00 USD"),
    ... )
    >>> row.price.minor_units, row.shipping
    (1500, ())
    """

    # fmt: off
    id: str = field(metadata=_is(c.IDENTIFIER, "Your SKU; keep it the same over time."))
    title: str = field(metadata=_is(c.text(150), "The title, as on the product's page."))
    description: str = field(metadata=_is(c.text(5000), "Plain text about this product only."))
    link: str = field(metadata=_is(c.URL, "The product's page on your verified domain."))
    image_link: str = field(metadata=_is(c.URL, "The main image: JPEG or PNG, 800 x 800 or more."))
    availability: Availability = field(metadata=_is(AVAILABILITY, "Whether it can be bought now."))
    price: Price = field(metadata=_is(c.PRICE, "The price of one, in major units."))
    brand: str | None = field(default=None, metadata=_is(c.text(70), "The brand; only films, books and music go without."))
    gtin: str | None = field(default=None, metadata=_is(c.GTIN, "GTIN, UPC or ISBN, without dashes or spaces."))
    mpn: str | None = field(default=None, metadata=_is(c.text(70), "The manufacturer's part number; needed without a gtin."))
    additional_image_link: tuple[str, ...] = field(default=(), metadata=_is(c.url_list(10), "More images."))
    video_link: str | None = field(default=None, metadata=_is(c.URL, "A video of the product."))
    model_3d_link: str | None = field(default=None, metadata=_is(c.URL, "A 3D model, GLB or GLTF, under 20 MB."))
    condition: Literal["new", "refurbished", "used"] | None = field(default=None, metadata=_is(c.choice("new", "refurbished", "used"), "Needed when it is not new."))
    google_product_category: Category | None = field(default=None, metadata=_is(c.GOOGLE_CATEGORY, "Google's category: the id (better) or the full path."))
    product_category: Category | None = field(default=None, metadata=_is(c.CATEGORY, "Your own category path; needed without Google's."))
    age_group: Literal["newborn", "infant", "toddler", "kids", "adult"] | None = field(default=None, metadata=_is(c.choice("newborn", "infant", "toddler", "kids", "adult"), "Whom it is for."))
    material: str | None = field(default=None, metadata=_is(c.text(100), "The main material; needed if variants differ in it."))
    length: Dimension | None = field(default=None, metadata=_is(c.DIMENSION, "Length; one unit for all three dimensions."))
    width: Dimension | None = field(default=None, metadata=_is(c.DIMENSION, "Width."))
    height: Dimension | None = field(default=None, metadata=_is(c.DIMENSION, "Height."))
    weight: Weight | None = field(default=None, metadata=_is(c.WEIGHT, "Weight, assembled."))
    item_group_id: str | None = field(default=None, metadata=_is(c.text(70), "What variants of one product share."))
    item_group_title: str | None = field(default=None, metadata=_is(c.text(150), "The title of the group of variants."))
    color: str | None = field(default=None, metadata=_is(c.text(100), "The main colour; 40 characters or fewer are better."))
    size: str | None = field(default=None, metadata=_is(c.text(20), "The size."))
    size_system: str | None = field(default=None, metadata=_is(c.COUNTRY, "The country whose sizes these are."))
    gender: Literal["male", "female", "unisex"] | None = field(default=None, metadata=_is(c.choice("male", "female", "unisex"), "Whom it is cut for."))
    custom_variant_option_name_1: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "What else variants differ in, first."))
    custom_variant_option_value_1: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "This variant's value for the first."))
    custom_variant_option_name_2: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "What else variants differ in, second."))
    custom_variant_option_value_2: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "This variant's value for the second."))
    custom_variant_option_name_3: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "What else variants differ in, third."))
    custom_variant_option_value_3: str | None = field(default=None, metadata=_is(c.ANY_TEXT, "This variant's value for the third."))
    availability_date: date | None = field(default=None, metadata=_is(c.DATE, "When a preordered product comes; needed for preorder."))
    expiration_date: date | None = field(default=None, metadata=_is(c.DATE, "When it stops showing."))
    inventory_not_tracked: bool | None = field(default=None, metadata=_is(c.BOOLEAN, "true: stock is not counted, the quantity stays blank."))
    inventory_quantity: int | None = field(default=None, metadata=_is(c.integer(), "How many can be sold; needed unless stock is not tracked."))
    sale_price: Price | None = field(default=None, metadata=_is(c.PRICE, "The reduced price, in major units."))
    sale_price_effective_date: DateRange | None = field(default=None, metadata=_is(c.DATE_RANGE, "The sale's first and last day; needed with sale_price."))
    stripe_product_tax_code: str | None = field(default=None, metadata=_is(c.TAX_CODE, "Stripe's tax code; needed if Stripe Tax computes taxes."))
    third_party_tax_code: ThirdPartyTaxCode | None = field(default=None, metadata=_is(c.THIRD_PARTY_TAX_CODE, "Another provider's tax code.", _NEWER))
    tax_behavior: Literal["inclusive", "exclusive"] | None = field(default=None, metadata=_is(TAX_BEHAVIOR, "Whether the price includes taxes; blank is exclusive."))
    shipping_tax_behavior: Literal["inclusive", "exclusive"] | None = field(default=None, metadata=_is(TAX_BEHAVIOR, "The same for shipping.", _SEEN))
    applicable_fees: tuple[ApplicableFee, ...] = field(default=(), metadata=_is(c.FEES, "Fees for each unit, by region."))
    shipping: tuple[ShippingOption, ...] = field(default=(), metadata=_is(c.SHIPPING, "Where it ships, how fast, for how much; needed for goods that ship."))
    shipping_cost_basis: Literal["per_order", "per_item"] | None = field(default=None, metadata=_is(c.choice("per_order", "per_item"), "Whether shipping is paid once or for each; blank is per_order."))
    free_shipping_threshold: tuple[FreeShippingThreshold, ...] = field(default=(), metadata=_is(c.THRESHOLDS, "From what subtotal a service is free."))
    popularity_score: Decimal | None = field(default=None, metadata=_is(c.number(0, 5), "How popular it is."))
    return_rate: Decimal | None = field(default=None, metadata=_is(c.number(0, 100), "Percent of units returned, without the sign."))
    product_review_count: int | None = field(default=None, metadata=_is(c.integer(), "How many reviews."))
    product_review_rating: Decimal | None = field(default=None, metadata=_is(c.number(1, 5), "Their average; blank without reviews."))
    related_products: tuple[RelatedProduct, ...] = field(default=(), metadata=_is(c.RELATED, "Products that go with this one.", _NEWER))
    product_warning: tuple[ProductWarning, ...] = field(default=(), metadata=_is(c.PRODUCT_WARNINGS, "Warnings that buyers must see.", _NEWER))
    age_restriction: int | None = field(default=None, metadata=_is(c.integer(), "The least age of a buyer, in years.", _NEWER))
    custom_label_0: str | None = field(default=None, metadata=_is(c.text(100), "A label of your own, never shown.", _NEWER))
    custom_label_1: str | None = field(default=None, metadata=_is(c.text(100), "A label of your own, never shown.", _NEWER))
    custom_label_2: str | None = field(default=None, metadata=_is(c.text(100), "A label of your own, never shown.", _NEWER))
    custom_label_3: str | None = field(default=None, metadata=_is(c.text(100), "A label of your own, never shown.", _NEWER))
    custom_label_4: str | None = field(default=None, metadata=_is(c.text(100), "A label of your own, never shown.", _NEWER))
    disable_checkout: bool | None = field(default=None, metadata=_is(c.BOOLEAN, "true: agents show it, buyers are sent to link.", _NEWER))
    delete: Literal[False] | None = field(default=None, metadata=_is(c.BOOLEAN, "true: remove it; see Deletion."))
    # fmt: on

    @property
    def variant_options(self) -> tuple[VariantOption, ...]:
        """The custom variant options, in order: each name column with its value column.

        Raises: CellError ``option_pair`` for a name with a slash, which the pair's text cannot hold.
        """
        pairs = (
            (self.custom_variant_option_name_1, self.custom_variant_option_value_1),
            (self.custom_variant_option_name_2, self.custom_variant_option_value_2),
            (self.custom_variant_option_name_3, self.custom_variant_option_value_3),
        )
        return tuple(VariantOption(name, value) for name, value in pairs if name and value)


@_row(kw_only=True)
class InventoryRow:
    """The stock of one product. It must be in the product feed already.

    Source: docs.stripe.com/agentic-commerce/product-feed, "Inventory feed field reference".

    >>> InventoryRow(id="SKU-1", availability="in_stock", inventory_quantity=100).inventory_quantity
    100
    """

    # fmt: off
    id: str = field(metadata=_is(c.IDENTIFIER, "The id in the product feed."))
    availability: Availability = field(metadata=_is(AVAILABILITY, "Whether it can be bought now."))
    inventory_quantity: int = field(metadata=_is(c.integer(), "How many can be sold."))
    availability_date: date | None = field(default=None, metadata=_is(c.DATE, "When a preordered product comes; needed for preorder."))
    # fmt: on


@_row(kw_only=True)
class PriceRow:
    """The price of one product, in Decimal major units. It must be in the product feed already.

    Source: docs.stripe.com/agentic-commerce/product-feed, "Price feed field reference".

    >>> str(PriceRow(id="SKU-1", price=Price.parse("15.00 USD")).price)
    '15.00 USD'
    """

    # fmt: off
    id: str = field(metadata=_is(c.IDENTIFIER, "The id in the product feed."))
    price: Price = field(metadata=_is(c.PRICE, "The price of one, in major units."))
    sale_price: Price | None = field(default=None, metadata=_is(c.PRICE, "The reduced price, in major units."))
    sale_price_effective_date: DateRange | None = field(default=None, metadata=_is(c.DATE_RANGE, "The sale's first and last day; needed with sale_price."))
    # fmt: on


@_row(kw_only=True)
class PromotionRow:
    """One promotion. Amounts are Decimal major units, ``percent_off`` is of 100.

    Source: docs.stripe.com/agentic-commerce/product-feed, "Promotions" (newer).

    >>> row = PromotionRow(
    ...     promotion_id="SUMMER",
    ...     title="Summer sale",
    ...     active_period=DateRange.parse("2026-06-01T00:00:00Z/2026-06-30T23:59:59Z"),
    ...     benefit_type="percent_off",
    ...     target_selection="all_products",
    ...     application_type="automatic",
    ...     percent_off=20,
    ... )
    """

    # fmt: off
    promotion_id: str = field(metadata=_is(c.IDENTIFIER, "Your id of the promotion.", _NEWER))
    title: str = field(metadata=_is(c.text(150), "The title that buyers see.", _NEWER))
    active_period: DateRange = field(metadata=_is(c.DATE_RANGE, "Start and end, timestamps with a time zone.", _NEWER))
    benefit_type: Literal["percent_off", "amount_off", "free_shipping"] = field(metadata=_is(c.choice("percent_off", "amount_off", "free_shipping"), "What the buyer gets.", _NEWER))
    target_selection: Literal["all_products", "specific_products"] = field(metadata=_is(c.choice("all_products", "specific_products"), "What it applies to.", _NEWER))
    application_type: Literal["automatic", "promotion_code"] = field(metadata=_is(c.choice("automatic", "promotion_code"), "Whether the buyer enters a code.", _NEWER))
    link: str | None = field(default=None, metadata=_is(c.URL, "The promotion's page.", _NEWER))
    percent_off: int | None = field(default=None, metadata=_is(c.integer(100), "Percent off; needed for percent_off.", _NEWER))
    amount_off: Price | None = field(default=None, metadata=_is(c.PRICE, "Amount off; needed for amount_off.", _NEWER))
    minimum_order_amount: Price | None = field(default=None, metadata=_is(c.PRICE, "The least subtotal before tax, shipping and discounts.", _NEWER))
    target_ids: tuple[str, ...] = field(default=(), metadata=_is(c.id_list(), "Products it applies to.", _NEWER))
    target_item_group_ids: tuple[str, ...] = field(default=(), metadata=_is(c.id_list(), "Groups it applies to.", _NEWER))
    excluded_ids: tuple[str, ...] = field(default=(), metadata=_is(c.id_list(), "Products it never applies to.", _NEWER))
    excluded_item_group_ids: tuple[str, ...] = field(default=(), metadata=_is(c.id_list(), "Groups it never applies to.", _NEWER))
    promotion_code: str | None = field(default=None, metadata=_is(c.PROMOTION_CODE, "The code; always needed for free shipping.", _NEWER))
    delete: Literal[False] | None = field(default=None, metadata=_is(c.BOOLEAN, "true: remove it; see Deletion.", _NEWER))
    # fmt: on


@attrs.frozen
class Deletion:
    """A row with ``delete=true``: the product (or promotion) with this id is removed.

    Of such a row Stripe reads nothing but the id. Source: "Deletion behavior".

    >>> Deletion("SKU-1").id
    'SKU-1'
    """

    id: str


R_co = TypeVar("R_co", covariant=True)


@attrs.frozen(eq=False, repr=False)
class Feed(Generic[R_co]):
    """One kind of feed.

    ``columns`` maps names to columns in the order in which we write them; ``key`` is the column of
    the id; ``v1_format`` is the ``standard_data_format`` of v1 import sets (None where there is
    none), ``v2_feed_type`` the ``feed_type`` of v2 catalog imports.

    >>> PRODUCT.v1_format, PRODUCT.columns["title"].required
    ('product_catalog_feed', True)
    """

    name: str
    row_type: type[Any]
    v1_format: str | None
    v2_feed_type: str
    columns: Mapping[str, c.Column] = field(init=False)

    def __attrs_post_init__(self) -> None:
        table = {}
        for attribute in attrs.fields(self.row_type):
            codec, doc, source = attribute.metadata["column"]
            required = attribute.default is attrs.NOTHING
            table[attribute.name] = c.Column(attribute.name, codec, doc, required, source)
        object.__setattr__(self, "columns", table)

    @property
    def key(self) -> str:
        """The name of the id column."""
        return next(iter(self.columns))

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the columns that every row needs."""
        return tuple(name for name, column in self.columns.items() if column.required)

    def __repr__(self) -> str:
        return f"<Feed {self.name}>"


PRODUCT: Final[Feed[ProductRow | Deletion]] = Feed(
    "product", ProductRow, "product_catalog_feed", "product"
)
INVENTORY: Final[Feed[InventoryRow]] = Feed(
    "inventory", InventoryRow, "inventory_feed", "inventory"
)
PRICING: Final[Feed[PriceRow]] = Feed("pricing", PriceRow, None, "pricing")
PROMOTION: Final[Feed[PromotionRow | Deletion]] = Feed("promotion", PromotionRow, None, "promotion")

FEEDS: Final[Mapping[str, Feed[Any]]] = {
    feed.name: feed for feed in (PRODUCT, INVENTORY, PRICING, PROMOTION)
}
"""The feeds by name."""
