"""What happens to a listing from its first day in the feed to its last, decided beforehand.

A story is a list of steps; a step says which fields change at which instant. The same home, dice and first day give
the same story, so the market needs no memory: what it shows at an instant follows from the steps before it.

The shares and delays are set so that a market of about 400 listings shows every kind of event within 30 days, and
price changes follow what 500 real histories say (`mls-feeds.md` 6.3). The rest is plausible, not measured.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from nudge_adapters.feeds.market.dice import Dice, Quantiles
from nudge_adapters.feeds.market.homes import RENT_STEP_USD, Home, rounded
from nudge_adapters.feeds.market.listing_record import Fields, first_record, media, stamp
from nudge_adapters.feeds.market.places import UTC_OFFSET_HOURS

COMING_SOON_SHARE = 0.25
DAYS_COMING_SOON: Quantiles = ((0, 2), (1, 10))
DAYS_TO_BUYER: Quantiles = ((0, 1), (0.25, 6), (0.5, 17), (0.75, 38), (1, 95))
DAYS_TO_GIVING_UP: Quantiles = ((0, 8), (0.5, 40), (1, 90))
CONTRACT_TERMS_DAYS = (60, 90, 120)  # how long an agent's contract runs
ENDINGS = (("buyer", 0.78), ("withdrawn", 0.08), ("canceled", 0.05), ("expired", 0.08), ("deleted", 0.01))

DAYS_TO_PRICE_CHANGE: Quantiles = ((0, 5), (0.5, 17), (1, 40))
RISE_SHARE = 64 / 395
"""Of 395 real price changes 64 were rises (`mls-feeds.md` 6.3)."""
CUT: Quantiles = ((0, 0.003), (0.1, 0.011), (0.5, 0.033), (0.9, 0.093), (1, 0.16))
"""Share of the price: 10th percentile 1.1 %, median 3.3 %, 90th 9.3 % (`mls-feeds.md` 6.3)."""
RISE: Quantiles = ((0, 0.005), (1, 0.04))
LEAST_CUT_USD = 1_000
TYPING_ERROR_SHARE = 0.004  # a price without its last three digits, seen twice in 500 real histories
DAYS_OF_TYPING_ERROR = 5  # both real ones stood for 5 to 6 days

OPTION_PERIOD_SHARE = 0.55
DAYS_OF_OPTION: Quantiles = ((0, 4), (1, 10))
DAYS_TO_CLOSING: Quantiles = ((0, 14), (0.5, 30), (1, 50))
FALL_THROUGH_SHARE = 0.14
DAYS_TO_FALL_THROUGH: Quantiles = ((0, 2), (0.5, 8), (1, 24))
SALE_TO_LIST: Quantiles = ((0, 0.92), (0.5, 0.985), (1, 1.04))
HOLD_SHARE = 0.05
DAYS_ON_HOLD: Quantiles = ((0, 3), (1, 12))

RETURN_SHARE = 0.35  # of withdrawn listings, under the same key
RELIST_SHARE = 0.45  # of withdrawn, canceled and expired ones that do not return: under another key
DAYS_TO_RETURN: Quantiles = ((0, 2), (0.6, 15), (1, 45))

DAYS_BETWEEN_TOUCHES: Quantiles = ((0, 2), (0.5, 9), (1, 25))
DAYS_AFTER_THE_END = 45  # then the record leaves the feed without a sign


@frozen(kw_only=True)
class Step:
    """At `at` these fields change; `vanishes`: the record leaves the feed."""

    at: datetime
    changes: Fields
    vanishes: bool = False


@frozen(kw_only=True)
class Story:
    """All steps of one listing, oldest first. The first one holds the whole record.

    `last_on_market`: when it was sold or taken off for good, to choose where in a story a market begins.
    """

    key: str
    steps: tuple[Step, ...]
    last_on_market: datetime


def stories(home: Home, dice: Dice, key_numbers: tuple[int, int], first_day: datetime) -> tuple[Story, ...]:
    """Return the story of a home's listing, and that of its second listing when another agent takes over.

    `first_day`: midnight in UTC of the day on which the listing is entered.
    """
    first = _Teller(home, dice, key_numbers[0], first_day)
    first.tell()
    if first.relists_at is None:
        return (first.story(),)
    again = _Teller(home, dice, key_numbers[1], first.relists_at, price_usd=first.price_usd)
    again.tell_relisted()
    return first.story(), again.story()


class _Teller:
    """Writes one story, step after step; `self._at` is the instant it has come to."""

    def __init__(
        self, home: Home, dice: Dice, key_number: int, first_day: datetime, price_usd: int | None = None
    ) -> None:
        self._home = home
        self._dice = dice
        self._number = key_number
        self._at = first_day
        self._steps: list[Step] = []
        self._status = "Incomplete"
        self._original_usd = self.price_usd = price_usd or home.price_usd
        self._activated = False
        self._photos = dice.between(8, 24)
        self._expires = first_day + timedelta(days=dice.pick(CONTRACT_TERMS_DAYS))
        self._last_on_market = first_day
        self.relists_at: datetime | None = None

    def story(self) -> Story:
        """Return what has been told, with the touches that mean nothing worked in."""
        return Story(
            key=str(self._number),
            steps=tuple(sorted(self._steps, key=lambda step: step.at)),
            last_on_market=self._last_on_market,
        )

    def tell(self) -> None:
        """Tell the whole story."""
        self._enter()
        if self._dice.chance(COMING_SOON_SHARE):
            self._change("Coming Soon", "Coming Soon", {})
            self._wait(DAYS_COMING_SOON)
        self._activate()
        ending = self._dice.weighted(ENDINGS)
        if ending == "buyer":
            self._sell(DAYS_TO_BUYER)
        elif ending == "deleted":
            self._market(self._dice.along(DAYS_TO_GIVING_UP))
            self._vanish()
            return
        else:
            self._give_up(ending)
        self._leave_later()

    def tell_relisted(self) -> None:
        """Tell the story of a second listing, which is active at once and finds its buyer."""
        self._enter()
        self._activate()
        self._sell(DAYS_TO_BUYER)
        self._leave_later()

    def _enter(self) -> None:
        self._moment()
        self._record = first_record(
            self._home, self._dice, self._number, entered=self._at, expires=self._expires, photos=self._photos
        )

    def _activate(self) -> None:
        day = self._local_day()
        fields: Fields = {"OnMarketTimestamp": stamp(self._at), "OnMarketDate": day, "ActivationDate": day}
        self._change("Active", "New Listing", fields if not self._activated else {})
        self._activated = True

    def _sell(self, days_to_buyer: Quantiles) -> None:
        self._market(self._dice.along(days_to_buyer))
        self._contract()
        while self._dice.chance(FALL_THROUGH_SHARE):
            self._wait(DAYS_TO_FALL_THROUGH)
            self._back_on_market()
            self._market(self._dice.along(days_to_buyer) / 2)
            self._contract()
        self._wait(DAYS_TO_CLOSING)
        self._moment()
        close_usd = int(self.price_usd * (1 if self._home.lease else self._dice.along(SALE_TO_LIST)))
        closed: Fields = {"ClosePrice": close_usd, "CloseDate": self._local_day(), "OffMarketDate": self._local_day()}
        if self._home.lease:
            closed["MlsStatus"] = "Leased"
        self._change("Closed", "Closed", closed)

    def _give_up(self, ending: str) -> None:
        if ending == "expired":
            self._market((self._expires - self._at) / timedelta(days=1))
            self._change("Expired", "Expired", {"OffMarketDate": self._local_day()})
        else:
            self._market(self._dice.along(DAYS_TO_GIVING_UP))
            status, date_field = (
                ("Withdrawn", "WithdrawnDate") if ending == "withdrawn" else ("Canceled", "CancellationDate")
            )
            self._change(status, status, {date_field: self._local_day(), "OffMarketDate": self._local_day()})
        if ending == "withdrawn" and self._dice.chance(RETURN_SHARE):
            self._wait(DAYS_TO_RETURN)
            self._back_on_market()
            self._sell(DAYS_TO_BUYER)
        elif self._dice.chance(RELIST_SHARE):
            self.relists_at = self._at + timedelta(days=self._dice.along(DAYS_TO_RETURN))

    def _contract(self) -> None:
        option = self._dice.chance(OPTION_PERIOD_SHARE)
        fields: Fields = {"PendingTimestamp": stamp(self._at)}
        if option:
            self._change("Active Under Contract", "Active Under Contract", {})
            self._wait(DAYS_OF_OPTION)
            self._moment()
            fields["PendingTimestamp"] = stamp(self._at)
        self._change("Pending", "Pending", fields)

    def _back_on_market(self) -> None:
        self._moment()
        self._change("Active", "Back On Market", {"BackOnMarketDate": self._local_day(), "OffMarketDate": None})

    def _market(self, days: float) -> None:
        """Let `days` pass on the market: prices change, some listings are put on hold."""
        until = self._at + timedelta(days=days)
        if days > 14 and self._dice.chance(HOLD_SHARE):
            self._at += timedelta(days=days / 3)
            self._change("Hold", "Hold", {})
            self._wait(DAYS_ON_HOLD)
            self._back_on_market()
        while (change := self._at + timedelta(days=self._dice.along(DAYS_TO_PRICE_CHANGE))) < until:
            self._at = change
            self._reprice()
        self._at = max(self._at, until)
        self._moment()
        self._last_on_market = self._at

    def _reprice(self) -> None:
        self._moment()
        if not self._home.lease and self._dice.chance(TYPING_ERROR_SHARE):
            right = self.price_usd
            self._price(right // 1_000)
            self._at += timedelta(days=DAYS_OF_TYPING_ERROR)
            self._price(right)
            return
        rises = self._dice.chance(RISE_SHARE)
        share = self._dice.along(RISE) if rises else -self._dice.along(CUT)
        step = RENT_STEP_USD if self._home.lease else LEAST_CUT_USD
        wanted = rounded(self.price_usd * (1 + share), step)
        if wanted == self.price_usd:
            wanted += step if rises else -step
        self._price(max(step, wanted))

    def _price(self, price_usd: int) -> None:
        previous, self.price_usd = self.price_usd, price_usd
        kind = self._dice.weighted((("Price Change", 0.7), ("Price Decrease" if price_usd < previous else "", 0.3)))
        at = stamp(self._at)
        fields: Fields = {"ListPrice": price_usd, "PreviousListPrice": previous, "PriceChangeTimestamp": at}
        self._step(fields | {"MajorChangeType": kind or "Price Change", "MajorChangeTimestamp": at})

    def _change(self, status: str, kind: str, fields: Fields) -> None:
        """Take the listing to another status; `kind` is its MajorChangeType."""
        on_market_before = self._status not in ("Incomplete", "Closed", "Expired", "Withdrawn", "Canceled")
        self._status = status
        at = stamp(self._at)
        change: Fields = {
            "StandardStatus": status,
            "MlsStatus": status,
            "StatusChangeTimestamp": at,
            "ContractStatusChangeDate": self._local_day(),
            "MajorChangeType": kind,
            "MajorChangeTimestamp": at,
        }
        if status in ("Closed", "Expired", "Withdrawn", "Canceled"):
            change["OffMarketTimestamp"] = at
        self._step(change | fields)
        if on_market_before:
            self._last_on_market = self._at

    def _step(self, changes: Fields) -> None:
        if not self._steps:
            price: Fields = {"ListPrice": self.price_usd, "OriginalListPrice": self._original_usd}
            changes = self._record | price | changes
        else:
            self._touches(self._steps[-1].at, self._at)
        self._steps.append(Step(at=self._at, changes=changes | {"ModificationTimestamp": stamp(self._at)}))

    def _touches(self, after: datetime, before: datetime) -> None:
        """Work in changes that mean nothing between two steps: a photo more, a save without a change."""
        at = after
        while (at := at + timedelta(days=self._dice.along(DAYS_BETWEEN_TOUCHES))) < before - timedelta(hours=1):
            changes: Fields = {"ModificationTimestamp": stamp(at)}
            if self._dice.chance(0.4):
                self._photos += 1
                changes |= {"PhotosCount": self._photos, "PhotosChangeTimestamp": stamp(at)}
                changes["Media"] = media(self._number, self._photos, at)
            self._steps.append(Step(at=at, changes=changes))

    def _leave_later(self) -> None:
        self._at += timedelta(days=DAYS_AFTER_THE_END)
        self._vanish()

    def _vanish(self) -> None:
        self._touches(self._steps[-1].at, self._at)
        self._steps.append(Step(at=self._at, changes={}, vanishes=True))

    def _wait(self, days: Quantiles) -> None:
        self._at += timedelta(days=self._dice.along(days))
        self._moment()

    def _moment(self) -> None:
        """Move to the next working hour: agents work from 8 to 20 local time, and no two write in one instant."""
        local = self._at + timedelta(hours=UTC_OFFSET_HOURS)
        hour = local.hour if 8 <= local.hour < 20 else self._dice.between(8, 19)
        later = timedelta(days=0 if local.hour < 20 else 1)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + later
        exact = timedelta(
            hours=hour,
            minutes=self._dice.below(60),
            seconds=self._dice.below(60),
            milliseconds=self._dice.below(1_000),
        )
        moment = midnight + exact - timedelta(hours=UTC_OFFSET_HOURS)
        self._at = moment if moment > self._at else self._at + timedelta(minutes=1 + self._dice.below(40))

    def _local_day(self) -> str:
        return (self._at + timedelta(hours=UTC_OFFSET_HOURS)).date().isoformat()
