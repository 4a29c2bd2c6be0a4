"""What a buyer pays: prices, fees, shipping, and every reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agentic_commerce import feeds, hooks
from agentic_commerce.errors import CellError, QuoteError
from agentic_commerce.feeds import Destination, InventoryRow, PriceRow, QuoteItem
from tests.feeds import strategies as any_
from tests.feeds.samples import PRODUCT_ROW

CALIFORNIA = Destination("US", "CA", "94016")
BASE = PRODUCT_ROW | {"shipping": "US:ALL:Standard:3-5:5.00 USD"}


def product(**cells: str) -> Any:
    return feeds.row_from({name: text for name, text in (BASE | cells).items() if text})


def codes(quote: feeds.Quote) -> list[str]:
    return [issue.code for issue in quote.issues]


# ------------------------------------------------------------------------------------------ prices

SALE = {"sale_price": "12.00 USD", "sale_price_effective_date": "2025-12-01/2025-12-15"}
TIMED = SALE | {"sale_price_effective_date": "2025-12-01T08:00:00Z/2025-12-15T23:59:59Z"}
WEST = timezone(timedelta(hours=-8))


@pytest.mark.parametrize(
    ("cells", "now", "amount", "code"),
    [
        ({}, date(2025, 12, 1), 1500, "price"),
        (SALE, date(2025, 11, 30), 1500, "sale_not_begun"),
        (SALE, date(2025, 12, 1), 1200, "sale"),
        (SALE, date(2025, 12, 15), 1200, "sale"),
        (SALE, date(2025, 12, 16), 1500, "sale_over"),
        # The day is that of the moment's own zone.
        (SALE, datetime(2025, 12, 16, 2, tzinfo=UTC), 1500, "sale_over"),
        (SALE, datetime(2025, 12, 15, 18, tzinfo=WEST), 1200, "sale"),
        (SALE, None, 1500, "sale_time"),
        (TIMED, datetime(2025, 12, 1, 7, 59, 59, tzinfo=UTC), 1500, "sale_not_begun"),
        (TIMED, datetime(2025, 12, 1, 0, 0, tzinfo=WEST), 1200, "sale"),
        (TIMED, datetime(2025, 12, 15, 23, 59, 59, tzinfo=UTC), 1200, "sale"),
        (TIMED, datetime(2025, 12, 16, tzinfo=UTC), 1500, "sale_over"),
        # A day is in a window of times if all of it is.
        (TIMED, date(2025, 12, 1), 1500, "sale_not_begun"),
        (TIMED, date(2025, 12, 2), 1200, "sale"),
        (TIMED, date(2025, 12, 15), 1200, "sale"),
        (TIMED, date(2025, 12, 16), 1500, "sale_over"),
        (SALE | {"sale_price": "15.00 USD"}, date(2025, 12, 2), 1500, "sale_not_lower"),
    ],
)
def test_the_sale_price_counts_inside_its_window_only(
    cells: dict[str, str], now: date | None, amount: int, code: str
) -> None:
    (line,) = feeds.quote([product(**cells)], CALIFORNIA, now=now).lines
    assert (line.unit_amount, line.price_reason.code) == (amount, code)
    assert line.on_sale is (code == "sale")
    assert line.regular_unit_amount == 1500
    assert str(line.price_reason)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sale_price": feeds.Price.parse("1.00 EUR")}, "sale_currency"),
        ({"sale_price_effective_date": None}, "sale_window"),
    ],
)
def test_a_row_that_breaks_the_rules_of_sales_has_none(changes: Any, code: str) -> None:
    row = attrs.evolve(product(**SALE), **changes)
    (line,) = feeds.quote([row], CALIFORNIA, now=date(2025, 12, 2)).lines
    assert (line.unit_amount, line.price_reason.code) == (1500, code)


def test_a_newer_price_row_stands_in_for_price_and_sale() -> None:
    newer = PriceRow(id="SKU-1", price=feeds.Price.parse("20.00 USD"))
    item = QuoteItem(row=product(**SALE), quantity=2, price=newer)
    (line,) = feeds.quote([item], CALIFORNIA, now=date(2025, 12, 2)).lines
    assert (line.unit_amount, line.amount_subtotal, line.on_sale) == (2000, 4000, False)


@pytest.mark.parametrize(
    ("price", "minor_units"), [("1500 JPY", 1500), ("1.234 KWD", 1234), ("15.00 USD", 1500)]
)
def test_amounts_are_minor_units_of_their_currency(price: str, minor_units: int) -> None:
    quote = feeds.quote([product(price=price, shipping="")], CALIFORNIA)
    assert (quote.currency, quote.total()) == (price[-3:].lower(), minor_units)


# ------------------------------------------------------------------------------------------- stock


@pytest.mark.parametrize(
    ("cells", "quantity", "expected"),
    [
        ({"inventory_quantity": "2"}, 2, []),
        ({"inventory_quantity": "2"}, 3, ["quantity"]),
        ({"inventory_quantity": "", "inventory_not_tracked": "true"}, 999, []),
        ({"availability": "out_of_stock"}, 1, ["out_of_stock"]),
        ({"availability": "backorder", "inventory_quantity": "0"}, 5, []),
        (
            {
                "availability": "preorder",
                "availability_date": "2027-01-01",
                "inventory_quantity": "0",
            },
            5,
            [],
        ),
        ({"disable_checkout": "true"}, 1, ["checkout_disabled"]),
        ({"disable_checkout": "false"}, 1, []),
        ({"expiration_date": "2025-12-03"}, 1, []),
        ({"expiration_date": "2025-12-02"}, 1, ["expired"]),
        (
            {
                "disable_checkout": "true",
                "expiration_date": "2025-12-01",
                "inventory_quantity": "0",
            },
            1,
            ["checkout_disabled", "expired", "quantity"],
        ),
    ],
)
def test_what_cannot_be_bought_says_why(
    cells: dict[str, str], quantity: int, expected: list[str]
) -> None:
    quote = feeds.quote([(product(**cells), quantity)], CALIFORNIA, now=date(2025, 12, 2))
    assert codes(quote) == expected
    assert quote.ok is (not expected)
    assert all(issue.id == "SKU-1" and issue.column and issue.message for issue in quote.issues)


def test_without_a_time_nothing_expires() -> None:
    assert feeds.quote([product(expiration_date="2020-01-01")], CALIFORNIA).ok


def test_a_newer_inventory_row_stands_in_for_the_stock() -> None:
    def with_stock(**changes: Any) -> feeds.Quote:
        newer = InventoryRow(**{"id": "SKU-1", "availability": "in_stock"} | changes)
        row = product(inventory_quantity="", inventory_not_tracked="true")
        return feeds.quote([QuoteItem(row=row, quantity=2, inventory=newer)], CALIFORNIA)

    assert with_stock(inventory_quantity=2).ok
    assert codes(with_stock(inventory_quantity=1)) == ["quantity"]
    assert codes(with_stock(inventory_quantity=9, availability="out_of_stock")) == ["out_of_stock"]
    assert with_stock(inventory_quantity=0, availability="backorder").ok


def test_the_same_product_in_two_lines_shares_one_stock() -> None:
    row = product(inventory_quantity="3")
    quote = feeds.quote([(row, 2), (row, 2)], CALIFORNIA)
    assert codes(quote) == ["quantity", "quantity"]
    assert quote.issues[0].message == "4 wanted, 3 left"


# -------------------------------------------------------------------------------------------- fees


@pytest.mark.parametrize(
    ("fees", "address", "expected"),
    [
        ("US:CA:Recycling:0.25 USD,DE:ALL:Deposit:0.10 EUR", "US:CA", {"Recycling": 75}),
        ("US:CA:Recycling:0.25 USD", "US:NY", {}),
        ("US:CA:Recycling:0.25 USD", "US", {}),
        ("US:ALL:Eco:1.00 USD,US:CA:Recycling:0.25 USD", "US:CA", {"Eco": 300, "Recycling": 75}),
        # The region's entry counts, and not that of the whole country beside it.
        ("US:ALL:Eco:1.00 USD,US:CA:Eco:0.25 USD", "US:CA", {"Eco": 75}),
        ("US:CA:Eco:0.25 USD,US:ALL:Eco:1.00 USD", "US:CA", {"Eco": 75}),
        # Of two alike, the first.
        ("US:CA:Eco:0.25 USD,US:CA:Eco:1.00 USD", "US:CA", {"Eco": 75}),
        ("US:CA:Eco:0.25 USD:per_unit", "US:CA", {"Eco": 75}),
    ],
)
def test_fees_are_per_unit_and_by_region(fees: str, address: str, expected: dict[str, int]) -> None:
    row = product(applicable_fees=fees)
    quote = feeds.quote([(row, 3)], Destination.parse(address))
    (line,) = quote.lines
    assert {fee.label: fee.amount for fee in line.fees} == expected
    assert line.amount_fees == quote.amount_fees == sum(expected.values())
    assert line.amount_total == 4500 + line.amount_fees
    assert quote.total() == line.amount_total + 500
    assert all(fee.unit_amount * 3 == fee.amount for fee in line.fees)


def test_a_fee_in_another_currency_stops_the_line_rather_than_vanish() -> None:
    row = attrs.evolve(product(), applicable_fees=feeds.parse_applicable_fees("US:CA:Eco:0.25 EUR"))
    quote = feeds.quote([row], CALIFORNIA)
    assert codes(quote) == ["fee_currency"]
    assert quote.lines[0].fees == ()
    assert feeds.quote([row], Destination("US", "NY")).ok


# ---------------------------------------------------------------------------------------- shipping

ZIPS = (
    "US:94012:Standard:3-5:1.00 USD,US:94*:Standard:3-5:2.00 USD,US:94*-95*:Standard:2-5:3.00 USD,"
    "US:CA:Standard::4.00 USD,US:ALL:Standard::6.00 USD,US:73114-74547:Express:1-2:9.99 USD"
)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        # The narrowest entry of a service counts, wherever it stands.
        ("US:CA:94012", {"Standard": 100}),
        ("US:CA:94013-1234", {"Standard": 200}),
        ("US:CA:95001", {"Standard": 300}),
        ("US:CA:90001", {"Standard": 400}),
        ("US:CA", {"Standard": 400}),
        ("US:US-CA", {"Standard": 400}),
        ("us:ca", {"Standard": 400}),
        ("US:OK:73114", {"Standard": 600, "Express": 999}),
        ("US:OK:74548", {"Standard": 600}),
        ("US", {"Standard": 600}),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_the_narrowest_entry_of_a_service_counts(
    address: str, expected: dict[str, int], backwards: bool
) -> None:
    country, _, rest = address.partition(":")
    state, _, postal_code = rest.partition(":")
    place = hooks.Address(country=country, state=state, postal_code=postal_code)
    entries = ZIPS.split(",")
    row = product(shipping=",".join(reversed(entries) if backwards else entries))
    quote = feeds.quote([row], place)
    assert {choice.service: choice.amount for choice in quote.shipping} == expected
    assert quote.ok


@pytest.mark.parametrize(
    ("shipping", "address", "code", "says"),
    [
        ("US:ALL:Standard::5.00 USD", "DE:BY:80331", "not_shipped_there", "US"),
        ("US:CA:Standard::5.00 USD", "US:NY:10001", "not_shipped_there", "US"),
        ("US:CA:Standard::5.00 USD", "US", "address_incomplete", "state"),
        ("US:94*:Standard::5.00 USD", "US:CA", "address_incomplete", "postal_code"),
        ("US:94*:Standard::5.00 USD", "US", "address_incomplete", "postal_code"),
        (
            "US:94*:Standard::5.00 USD,US:NY:Standard::5.00 USD",
            "US",
            "address_incomplete",
            "state, postal_code",
        ),
        ("US:94*:Standard::5.00 USD", "US:NY:10001", "not_shipped_there", "US"),
        ("US:ALL:Standard::5.00 EUR", "US", "shipping_currency", "currency"),
    ],
)
def test_what_is_not_delivered_says_why(shipping: str, address: str, code: str, says: str) -> None:
    row = attrs.evolve(product(), shipping=feeds.parse_shipping(shipping))
    quote = feeds.quote([row], Destination.parse(address))
    (issue,) = quote.issues
    assert (issue.code, issue.column, issue.id) == (code, "shipping", "SKU-1")
    assert says in issue.message
    assert not {"10001", "80331"} & set(issue.message.split())
    assert quote.shipping == ()
    with pytest.raises(QuoteError) as caught:
        quote.total()
    assert caught.value.issues == (issue,)


@pytest.mark.parametrize(
    ("fees", "address", "codes"),
    [
        ("US:CA:Eco:1.00 USD", "US", ["address_incomplete"]),
        ("US:CA:Eco:1.00 USD", "US:NY", []),
        ("US:ALL:Eco:1.00 USD", "US", []),
        ("US:CA:Eco:1.00 USD,US:ALL:Eco:2.00 USD", "US", ["address_incomplete"]),
        ("CA:QC:Eco:1.00 USD", "US", []),
    ],
)
def test_a_fee_is_not_lost_because_the_address_tells_too_little(
    fees: str, address: str, codes: list[str]
) -> None:
    quote = feeds.quote([product(applicable_fees=fees)], Destination.parse(address))
    assert [issue.code for issue in quote.issues] == codes
    assert {issue.column for issue in quote.issues} <= {"applicable_fees"}


def test_an_address_without_a_country_says_so() -> None:
    (issue,) = feeds.quote([product()], {"state": "CA"}).issues
    assert (issue.code, issue.message[-7:]) == ("address_incomplete", "country")


@pytest.mark.parametrize(
    ("rows", "amount", "speed"),
    [
        # One row: per order, whatever the quantity; per item, for each.
        ([({}, 3)], 500, (3, 5)),
        ([({"shipping_cost_basis": "per_order"}, 3)], 500, (3, 5)),
        ([({"shipping_cost_basis": "per_item"}, 3)], 1500, (3, 5)),
        # Several: the dearest of those paid once, plus each of those paid per item.
        ([({}, 1), ({"shipping": "US:ALL:Standard:1-9:7.00 USD"}, 1)], 700, (3, 9)),
        ([({}, 1), ({"shipping_cost_basis": "per_item"}, 2)], 1500, (3, 5)),
        (
            [({"shipping_cost_basis": "per_item"}, 2), ({"shipping_cost_basis": "per_item"}, 1)],
            1500,
            (3, 5),
        ),
        # A row that ships nowhere needs no shipping.
        ([({}, 1), ({"shipping": ""}, 4)], 500, (3, 5)),
        # What one row does not say, nobody can promise.
        ([({}, 1), ({"shipping": "US:ALL:Standard::5.00 USD"}, 1)], 500, None),
    ],
)
def test_the_shipping_of_several_rows_makes_one_price(
    rows: list[tuple[dict[str, str], int]], amount: int, speed: tuple[int, int] | None
) -> None:
    items = [(product(id=f"SKU-{n}", **cells), count) for n, (cells, count) in enumerate(rows)]
    quote = feeds.quote(items, CALIFORNIA)
    (choice,) = quote.shipping
    assert (choice.amount, choice.regular_amount, choice.speed) == (amount, amount, speed)
    assert choice.reason.code == "shipping_price"
    assert sum(part.amount for part in choice.parts) == amount
    assert quote.total("Standard") == quote.amount_merchandise + amount


def test_the_reason_accounts_for_each_row() -> None:
    items = [
        (product(id="A"), 1),
        (product(id="B", shipping="US:ALL:Standard::7.00 USD"), 1),
        (product(id="C", shipping_cost_basis="per_item"), 2),
        (product(id="D", free_shipping_threshold="US:ALL:Standard:10.00 USD"), 1),
    ]
    (choice,) = feeds.quote(items, CALIFORNIA).shipping
    assert str(choice.reason) == (
        "A: with the order; B: 7.00 USD once per order; C: 2 x 5.00 USD; "
        "D: free, its threshold is met"
    )


def test_only_services_of_every_row_serve_the_cart() -> None:
    both = "US:ALL:Standard::5.00 USD,US:ALL:Express::9.00 USD"
    items = [product(id="A", shipping=both), product(id="B", shipping="US:ALL:Express::8.00 USD")]
    quote = feeds.quote(items, CALIFORNIA)
    assert [(choice.service, choice.amount) for choice in quote.shipping] == [("Express", 900)]
    assert quote.choose("Express") is quote.shipping[0] is quote.choose()
    with pytest.raises(QuoteError, match="offered: Express") as caught:
        quote.total("Standard")
    assert caught.value.issues[0].value == "Standard"


def test_rows_without_a_service_in_common_cannot_be_one_order() -> None:
    items = [product(id="A"), product(id="B", shipping="US:ALL:Pallet::80.00 USD")]
    quote = feeds.quote(items, CALIFORNIA)
    assert codes(quote) == ["no_common_service"]
    assert quote.issues[0].id is None
    with pytest.raises(QuoteError, match="no shipping service"):
        quote.choose("Standard")


def test_a_row_that_cannot_be_delivered_is_named_once() -> None:
    items = [product(id="A"), product(id="B", shipping="DE:ALL:Standard::5.00 USD")]
    assert codes(feeds.quote(items, CALIFORNIA)) == ["not_shipped_there"]


def test_what_need_not_be_shipped_goes_anywhere() -> None:
    quote = feeds.quote([product(shipping="")], Destination("JP"))
    assert quote.ok
    assert not quote.needs_shipping
    assert quote.choose() is None
    assert quote.shipping == ()
    assert quote.total() == 1500


# ----------------------------------------------------------------------------------- free shipping


@pytest.mark.parametrize(
    ("threshold", "quantity", "discount", "amount", "code"),
    [
        ("US:ALL:Standard:45.00 USD", 3, 0, 0, "shipping_free"),
        ("US:ALL:Standard:45.01 USD", 3, 0, 500, "shipping_price"),
        # After item discounts.
        ("US:ALL:Standard:45.00 USD", 3, 1, 500, "shipping_price"),
        ("US:ALL:Standard:44.99 USD", 3, 1, 0, "shipping_free"),
        ("US:ALL:Standard:0.00 USD", 1, 0, 0, "shipping_free"),
        ("US:NY:Standard:1.00 USD", 1, 0, 500, "shipping_price"),
        # The region's threshold counts, and not that of the whole country.
        ("US:ALL:Standard:10.00 USD,US:CA:Standard:50.00 USD", 1, 0, 500, "shipping_price"),
        ("US:ALL:Standard:50.00 USD,US:CA:Standard:10.00 USD", 1, 0, 0, "shipping_free"),
    ],
)
def test_shipping_is_free_from_the_threshold(
    threshold: str, quantity: int, discount: int, amount: int, code: str
) -> None:
    row = product(free_shipping_threshold=threshold)
    item = QuoteItem(row=row, quantity=quantity, discount=discount)
    (choice,) = feeds.quote([item], CALIFORNIA).shipping
    assert (choice.amount, choice.regular_amount, choice.reason.code) == (amount, 500, code)
    assert choice.parts[0].is_free is (amount == 0)


def test_fees_do_not_count_towards_a_threshold() -> None:
    row = product(
        applicable_fees="US:ALL:Eco:99.00 USD", free_shipping_threshold="US:ALL:Standard:20.00 USD"
    )
    assert feeds.quote([row], CALIFORNIA).shipping[0].amount == 500


def test_a_threshold_looks_at_the_whole_order_and_frees_its_own_row() -> None:
    free = product(id="A", free_shipping_threshold="US:ALL:Standard:40.00 USD")
    dear = product(id="B", price="30.00 USD", shipping="US:ALL:Standard::3.00 USD")
    (choice,) = feeds.quote([free, dear], CALIFORNIA).shipping
    assert (choice.amount, choice.regular_amount) == (300, 500)
    assert choice.reason.code == "shipping_partly_free"
    assert [part.is_free for part in choice.parts] == [True, False]


def test_a_threshold_of_another_service_or_currency_frees_nothing() -> None:
    for threshold in ("US:ALL:Express:1.00 USD", "US:ALL:Standard:1.00 EUR"):
        entries = feeds.parse_free_shipping_threshold(threshold)
        row = attrs.evolve(product(), free_shipping_threshold=entries)
        (choice,) = feeds.quote([row], CALIFORNIA).shipping
        assert (choice.amount, choice.parts[0].free_from) == (500, None)


# --------------------------------------------------------------------------------- what is no cart


@pytest.mark.parametrize(
    ("items", "code", "column"),
    [
        ([], "empty", "items"),
        (["SKU-1"], "kind", "items[0]"),
        ([("SKU-1", 1)], "kind", "items[0]"),
        ([(product(), 0)], "range", "items[0].quantity"),
        ([(product(), True)], "kind", "items[0].quantity"),
        ([product(), (product(), 1.5)], "kind", "items[1].quantity"),
        ([QuoteItem(row=product(), discount=-1)], "range", "items[0].discount"),
        ([QuoteItem(row=product(), discount=1501)], "range", "items[0].discount"),
        ([product(), product(price="1.00 EUR", shipping="")], "currency", "items"),
        (
            [QuoteItem(row=product(), price=PriceRow(id="B", price=feeds.Price.parse("1 USD")))],
            "mismatch",
            "items[0].price",
        ),
        (
            [
                QuoteItem(
                    row=product(),
                    inventory=InventoryRow(id="B", availability="in_stock", inventory_quantity=1),
                )
            ],
            "mismatch",
            "items[0].inventory",
        ),
    ],
)
def test_what_is_no_cart_is_refused(items: Any, code: str, column: str) -> None:
    with pytest.raises(QuoteError) as caught:
        feeds.quote(items, CALIFORNIA)
    (issue,) = caught.value.issues
    assert (issue.code, issue.column) == (code, column)


@pytest.mark.parametrize("address", [None, "US:CA", object()])
def test_what_is_no_address_is_refused(address: Any) -> None:
    with pytest.raises(QuoteError, match="country, state and postal_code") as caught:
        feeds.quote([product()], address)
    assert caught.value.issues[0].column == "address"


@pytest.mark.parametrize("now", [datetime(2025, 12, 1), "2025-12-01", 1764547200])  # noqa: DTZ001
def test_a_time_without_a_zone_is_no_time(now: Any) -> None:
    with pytest.raises(QuoteError) as caught:
        feeds.quote([product()], CALIFORNIA, now=now)
    assert caught.value.issues[0].column == "now"


# ------------------------------------------------------------------------------------ destinations


@pytest.mark.parametrize("text", ["US", "US:CA", "US:CA:94016", "US::94016", "GB::SW1A 1AA"])
def test_a_destination_is_read_back_as_it_was_written(text: str) -> None:
    assert str(Destination.parse(text)) == text


@pytest.mark.parametrize("text", ["", "us", "USA:CA", "US:CA:94016:x", "US: :1", "UK"])
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        Destination.parse(text)


def test_a_destination_does_not_show_where_somebody_lives() -> None:
    assert repr(CALIFORNIA) == "Destination(country='US', state='***', postal_code='***')"
    assert repr(Destination("US")) == "Destination(country='US', state=None, postal_code=None)"


# -------------------------------------------------------------------------------------------- laws

PLACES = st.builds(
    Destination,
    st.sampled_from(["US", "DE"]),
    st.none() | st.sampled_from(["CA", "BY", "US-CA"]),
    st.none() | st.sampled_from(["94012", "94016-0001", "73114", "80331"]),
)
MONEY = st.integers(0, 100_00).map(lambda n: feeds.Price.from_minor_units(n, "usd"))
SERVICES = st.sampled_from(["Standard", "Express"])
AREAS = st.sampled_from(["ALL", "CA", "94*", "94012", "94*-95*"])
OPTIONS = st.builds(feeds.ShippingOption, st.just("US"), AREAS, SERVICES, any_.SPEEDS, MONEY)
REGIONS = st.sampled_from(["ALL", "CA"])
FEES = st.builds(
    feeds.ApplicableFee, st.just("US"), REGIONS, st.sampled_from(["Eco", "Deposit"]), MONEY
)
THRESHOLDS = st.builds(feeds.FreeShippingThreshold, st.just("US"), REGIONS, SERVICES, MONEY)
PRODUCT = product()
ROWS = st.builds(
    lambda **changes: attrs.evolve(PRODUCT, **changes),
    id=st.sampled_from(["A", "B", "C"]),
    price=MONEY,
    sale_price=st.none() | MONEY,
    sale_price_effective_date=st.none() | any_.RANGES,
    inventory_quantity=st.integers(0, 20),
    shipping=st.lists(OPTIONS, max_size=4).map(tuple),
    shipping_cost_basis=st.sampled_from([None, "per_order", "per_item"]),
    applicable_fees=st.lists(FEES, max_size=3).map(tuple),
    free_shipping_threshold=st.lists(THRESHOLDS, max_size=3).map(tuple),
)


@st.composite
def items(draw: Any) -> QuoteItem:
    row, quantity = draw(ROWS), draw(st.integers(1, 9))
    most = min(row.price.minor_units, row.sale_price.minor_units if row.sale_price else 10**9)
    return QuoteItem(row=row, quantity=quantity, discount=draw(st.integers(0, most)))


CARTS = st.lists(items(), min_size=1, max_size=4)
NOWS = st.none() | st.dates() | st.datetimes(timezones=st.just(UTC))


def shape(quote: feeds.Quote) -> Any:
    choices = [(c.service, c.amount, c.regular_amount, c.speed) for c in quote.shipping]
    lines = sorted(
        (line.id, line.quantity, line.unit_amount, str(line.fees)) for line in quote.lines
    )
    return lines, choices, sorted((i.code, i.id or "") for i in quote.issues), quote.amount_fees


@given(CARTS, PLACES, NOWS, st.randoms())
def test_the_order_of_the_items_does_not_matter(
    cart: list[QuoteItem], place: Destination, now: Any, random: Any
) -> None:
    shuffled = list(cart)
    random.shuffle(shuffled)
    one, other = (feeds.quote(some, place, now=now) for some in (cart, shuffled))
    assert shape(one) == shape(other)


@given(CARTS, PLACES, NOWS)
def test_the_total_is_the_sum_of_its_parts(
    cart: list[QuoteItem], place: Destination, now: Any
) -> None:
    quote = feeds.quote(cart, place, now=now)
    assert sum(line.amount_total for line in quote.lines) == (
        quote.amount_subtotal - quote.amount_discount + quote.amount_fees
    )
    for choice in quote.shipping:
        assert sum(part.amount for part in choice.parts) == choice.amount
        assert quote.total(choice.service) == (
            sum(line.amount_total for line in quote.lines) + choice.amount
        )
        assert len(choice.parts) == sum(line.ships for line in quote.lines)
    reasons = [line.price_reason for line in quote.lines] + [c.reason for c in quote.shipping]
    said = {issue.code for issue in quote.issues} | {reason.code for reason in reasons}
    assert said <= set(feeds.QUOTE_CODES)


@given(CARTS, PLACES, NOWS, st.integers(1, 5))
def test_more_of_something_never_lowers_the_merchandise(
    cart: list[QuoteItem], place: Destination, now: Any, more: int
) -> None:
    bigger = [attrs.evolve(cart[0], quantity=cart[0].quantity + more), *cart[1:]]
    before, after = (feeds.quote(some, place, now=now) for some in (cart, bigger))
    assert after.amount_merchandise >= before.amount_merchandise
    assert after.amount_fees >= before.amount_fees
    regular = {choice.service: choice.regular_amount for choice in after.shipping}
    assert all(regular[choice.service] >= choice.regular_amount for choice in before.shipping)


@given(CARTS, PLACES, NOWS)
def test_a_threshold_only_ever_lowers_shipping(
    cart: list[QuoteItem], place: Destination, now: Any
) -> None:
    plain = [
        attrs.evolve(item, row=attrs.evolve(item.row, free_shipping_threshold=())) for item in cart
    ]
    without, with_ = (feeds.quote(some, place, now=now) for some in (plain, cart))
    regular = {choice.service: choice.amount for choice in without.shipping}
    assert {choice.service: choice.regular_amount for choice in with_.shipping} == regular
    assert all(choice.amount <= regular[choice.service] for choice in with_.shipping)


@given(CARTS, PLACES, NOWS)
def test_every_choice_serves_every_line_that_ships(
    cart: list[QuoteItem], place: Destination, now: Any
) -> None:
    quote = feeds.quote(cart, place, now=now)
    for choice in quote.shipping:
        for part in choice.parts:
            assert part.option.service == choice.service
            assert part.option.covers(place.country, place.state, place.postal_code)
    assume(quote.needs_shipping)
    stuck = [issue for issue in quote.issues if issue.column == "shipping"]
    assert bool(stuck) is not bool(quote.shipping)


@given(
    st.builds(
        Destination,
        any_.COUNTRIES,
        st.none() | any_.PART.map(str.strip),
        st.none() | any_.PART.map(str.strip),
    )
)
def test_every_destination_can_be_written(place: Destination) -> None:
    assert Destination.parse(str(place)) == place
