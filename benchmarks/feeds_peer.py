"""The same rules in pydantic v2 over csv.DictReader, as one would write them well by hand.

Errors only: a peer that also gave our warnings would be slower still.
"""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from agentic_commerce.money import exponent

MONEY = re.compile(r"(\d{1,15}(?:\.(\d{1,6}))?) ([A-Z]{3})", re.ASCII)
MEASURE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) (cm|in)", re.ASCII)
WEIGHT = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) (lb|oz|g|kg)", re.ASCII)
AREA = re.compile(r"ALL|[A-Z0-9]{1,3}|\d{5}(-\d{5})?|\d{1,4}\*(-\d{1,4}\*)?", re.ASCII)
REGION = re.compile(r"ALL|[A-Z0-9]{1,3}", re.ASCII)
COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
SPEED = re.compile(r"(\d{1,3})-(\d{1,3})", re.ASCII)
CATEGORY = re.compile(r"\s*[^>\s][^>]*(?:>\s*[^>\s][^>]*)*")
DIGITS = re.compile(r"\d{1,15}", re.ASCII)
URL = r"^https?://[^\s/?#]+([/?#][^\s]*)?$"


class Money(NamedTuple):
    amount: Decimal
    currency: str


class Measure(NamedTuple):
    value: Decimal
    unit: str


class Option(NamedTuple):
    country: str
    area: str
    service: str
    speed: str
    price: Money


class Entry(NamedTuple):
    country: str
    region: str
    label: str
    amount: Money


def money(text: Any) -> Any:
    match = MONEY.fullmatch(text)
    if match is None or len((match[2] or "").rstrip("0")) > exponent(match[3]):
        raise ValueError("not a price")
    return Money(Decimal(match[1]), match[3])


def measured(pattern: re.Pattern[str]) -> Any:
    def parse(text: Any) -> Any:
        match = pattern.fullmatch(text)
        if match is None:
            raise ValueError("not a measure")
        return Measure(Decimal(match[1]), match[2])

    return parse


def window(text: Any) -> Any:
    start, _, end = text.partition("/")
    found = date.fromisoformat(start), date.fromisoformat(end)
    if found[0] > found[1]:
        raise ValueError("ends before it starts")
    return found


def options(text: Any) -> Any:
    found = []
    for entry in text.split(","):
        country, area, service, speed, price = entry.split(":")
        days = SPEED.fullmatch(speed)
        if not COUNTRY.fullmatch(country) or not AREA.fullmatch(area) or not service.strip():
            raise ValueError("not a shipping option")
        if speed and (days is None or int(days[1]) > int(days[2])):
            raise ValueError("not a speed")
        found.append(Option(country, area, service, speed, money(price)))
    return tuple(found)


def entries(text: Any) -> Any:
    found = []
    for entry in text.split(","):
        country, region, label, amount = entry.split(":")
        if not COUNTRY.fullmatch(country) or not REGION.fullmatch(region) or not label.strip():
            raise ValueError("not an entry")
        found.append(Entry(country, region, label, money(amount)))
    return tuple(found)


def urls(text: Any) -> Any:
    found = tuple(text.split(","))
    if len(found) > 10 or not all(re.fullmatch(URL[1:-1], url) for url in found):
        raise ValueError("not URLs")
    return found


def whole(text: Any) -> Any:
    if not DIGITS.fullmatch(text):
        raise ValueError("not a whole number")
    return int(text)


def category(text: str) -> str:
    if not CATEGORY.fullmatch(text):
        raise ValueError("not a category")
    return text


def filled(text: str) -> str:
    if text.isspace():
        raise ValueError("blank")
    return text


def pairs(text: Any) -> Any:
    return tuple(tuple(entry.split(":")) for entry in text.split(","))


Url = Annotated[str, Field(pattern=URL)]
Price = Annotated[Money, BeforeValidator(money)]
Size = Annotated[Measure, BeforeValidator(measured(MEASURE))]
Count = Annotated[int, BeforeValidator(whole)]
Day = Annotated[date, Field(strict=False)]

Bool = Literal["true", "false"]
Category = Annotated[str, AfterValidator(category)]
Tax = Literal["inclusive", "exclusive"]
Label = Annotated[str, Field(max_length=100)]
Pairs = Annotated[tuple[Any, ...], BeforeValidator(pairs)]


class Product(BaseModel):
    id: Annotated[str, Field(max_length=100, pattern=r"^[^,:]+$")]
    title: Annotated[str, Field(min_length=1, max_length=150), AfterValidator(filled)]
    description: Annotated[str, Field(min_length=1, max_length=5000), AfterValidator(filled)]
    link: Url
    image_link: Url
    availability: Literal["in_stock", "out_of_stock", "preorder", "backorder"]
    price: Price
    brand: Annotated[str, Field(max_length=70)] | None = None
    gtin: Annotated[str, Field(pattern=r"^(\d{1,50}|\d{9}X)$")] | None = None
    mpn: Annotated[str, Field(max_length=70)] | None = None
    additional_image_link: Annotated[tuple[str, ...], BeforeValidator(urls)] | None = None
    video_link: Url | None = None
    model_3d_link: Url | None = None
    condition: Literal["new", "refurbished", "used"] | None = None
    google_product_category: Category | None = None
    product_category: Category | None = None
    age_group: Literal["newborn", "infant", "toddler", "kids", "adult"] | None = None
    material: Label | None = None
    length: Size | None = None
    width: Size | None = None
    height: Size | None = None
    weight: Annotated[Measure, BeforeValidator(measured(WEIGHT))] | None = None
    item_group_id: Annotated[str, Field(max_length=70)] | None = None
    item_group_title: Annotated[str, Field(max_length=150)] | None = None
    color: Label | None = None
    size: Annotated[str, Field(max_length=20)] | None = None
    size_system: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    gender: Literal["male", "female", "unisex"] | None = None
    custom_variant_option_name_1: str | None = None
    custom_variant_option_value_1: str | None = None
    custom_variant_option_name_2: str | None = None
    custom_variant_option_value_2: str | None = None
    custom_variant_option_name_3: str | None = None
    custom_variant_option_value_3: str | None = None
    availability_date: Day | None = None
    expiration_date: Day | None = None
    inventory_not_tracked: Bool | None = None
    inventory_quantity: Count | None = None
    sale_price: Price | None = None
    sale_price_effective_date: Annotated[tuple[date, date], BeforeValidator(window)] | None = None
    stripe_product_tax_code: Annotated[str, Field(pattern=r"^txcd_\d{8}$")] | None = None
    third_party_tax_code: Annotated[str, Field(pattern=r"^anrok:[^\s:,]{1,114}$")] | None = None
    tax_behavior: Tax | None = None
    shipping_tax_behavior: Tax | None = None
    applicable_fees: Annotated[tuple[Entry, ...], BeforeValidator(entries)] | None = None
    shipping: Annotated[tuple[Option, ...], BeforeValidator(options)] | None = None
    shipping_cost_basis: Literal["per_order", "per_item"] | None = None
    free_shipping_threshold: Annotated[tuple[Entry, ...], BeforeValidator(entries)] | None = None
    popularity_score: Annotated[Decimal, Field(ge=0, le=5)] | None = None
    return_rate: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    product_review_count: Count | None = None
    product_review_rating: Annotated[Decimal, Field(ge=1, le=5)] | None = None
    related_products: Pairs | None = None
    product_warning: Pairs | None = None
    age_restriction: Count | None = None
    custom_label_0: Label | None = None
    custom_label_1: Label | None = None
    custom_label_2: Label | None = None
    custom_label_3: Label | None = None
    custom_label_4: Label | None = None
    disable_checkout: Bool | None = None
    delete: Bool | None = None

    @model_validator(mode="after")
    def across(self) -> Product:  # noqa: PLR0912 - a list of rules
        if self.availability == "preorder" and self.availability_date is None:
            raise ValueError("a preorder needs a date")
        if (self.inventory_quantity is None) is not (self.inventory_not_tracked == "true"):
            raise ValueError("quantity and tracking disagree")
        if self.sale_price and not self.sale_price_effective_date:
            raise ValueError("a sale needs a window")
        if self.sale_price and self.sale_price.currency != self.price.currency:
            raise ValueError("a sale in another currency")
        if not (self.gtin or self.mpn):
            raise ValueError("gtin or mpn")
        if not (self.google_product_category or self.product_category):
            raise ValueError("a category")
        if len({m.unit for m in (self.length, self.width, self.height) if m}) > 1:
            raise ValueError("one unit")
        for name, value in (
            (self.custom_variant_option_name_1, self.custom_variant_option_value_1),
            (self.custom_variant_option_name_2, self.custom_variant_option_value_2),
            (self.custom_variant_option_name_3, self.custom_variant_option_value_3),
        ):
            if (name is None) is not (value is None):
                raise ValueError("a pair")
        if self.free_shipping_threshold:
            services = {option.service for option in self.shipping or ()}
            if not all(entry.label in services for entry in self.free_shipping_threshold):
                raise ValueError("an unknown service")
        if self.product_review_count and self.product_review_rating is None:
            raise ValueError("reviews without a rating")
        if self.product_review_count == 0 and self.product_review_rating is not None:
            raise ValueError("a rating without reviews")
        return self


def read(path: Path, keep: list[Any] | None = None) -> set[int]:
    """Read a catalog; the numbers of its bad rows."""
    bad, seen = set(), set[str]()
    validate = Product.model_validate
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            try:
                product = validate({name: text for name, text in row.items() if text})
            except ValidationError:
                bad.add(number)
                continue
            if product.id in seen:
                bad.add(number)
            seen.add(product.id)
            if keep is not None:
                keep.append(product)
    return bad
