"""Words, numbers and times in the reader's language: the one door to the message catalogues.

Called by everything in `reports/` that writes a sentence; other packages may use it for texts that
handlers and decision makers read. Message ids are the English sentences; the catalogues under
`locale/` are compiled by `make setup`. Times are always shown in a named zone, never in the
machine's own. Every message is %-formatted, here as in the templates: a bare per cent sign is
written twice.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from migrator.errors import EnvironmentFailed, InputError
from migrator.inventory.times import told_apart

DOMAIN: Final = "migrator"
LANGUAGES: Final = ("sv", "en")
FALLBACK: Final = "en"
LOCALE_FOLDER: Final = Path(__file__).parent.parent / "locale"

NARROW_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"
NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"


A_WEEK: Final = timedelta(days=6)
"""In a shorter stretch no day's name comes twice."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for "extract, translate later"
    """Mark a message for extraction where it is not yet known in which language it will be read."""
    return message


@dataclass(frozen=True, slots=True)
class Texts:
    """One language and one time zone."""

    language: str
    zone: ZoneInfo
    catalogue: gettext.NullTranslations

    def _(self, message: str, **values: object) -> str:
        """The message in the reader's language, with its values."""
        return self.catalogue.gettext(message) % values

    def ngettext(self, one: str, many: str, number: int, **values: object) -> str:
        """The message in the form that fits the number, which it may show as `%(num)s`."""
        shown = {"num": self.number(number), **values}
        return self.catalogue.ngettext(one, many, number) % shown

    def text(self, by_language: Mapping[str, str]) -> str:
        """A text that the estate gives by language: in this one, else in the first it has."""
        return by_language.get(self.language) or next(iter(by_language.values()), "")

    def number(self, number: float, digits: int = 0) -> str:
        """A number with the language's own marks: 340 000,5 or 340,000.5."""
        text = f"{number:,.{digits}f}"
        if self.language == "sv":
            return text.translate({ord(","): NO_BREAK_SPACE, ord("."): ","})
        return text

    def local(self, moment: datetime) -> datetime:
        """The moment as the zone's clocks show it."""
        return moment.astimezone(self.zone)

    def time(self, moment: datetime) -> str:
        """Date and hour: 2023-10-14 18:00; one of the hour that happens twice: 02:30 CEST."""
        return f"{self.local(moment):%Y-%m-%d %H:%M}{told_apart(moment, self.zone)}"

    def clock(self, moment: datetime) -> str:
        """The hour alone, where the day stands beside it: 18:00."""
        return f"{self.local(moment):%H:%M}{told_apart(moment, self.zone)}"

    def hour(self, moment: datetime, span: timedelta) -> str:
        """As short as a table allows: Sat 18:00, where no day's name comes twice in the span."""
        if span >= A_WEEK:
            return self.time(moment)
        return f"{self.weekday_short(moment)} {self.clock(moment)}"

    def day(self, moment: date) -> str:
        """A date: 2023-10-14."""
        local = self.local(moment) if isinstance(moment, datetime) else moment
        return f"{local:%Y-%m-%d}"

    def weekday(self, moment: datetime) -> str:
        """The day of the week, as it stands inside a sentence."""
        return self._(WEEKDAYS[self.local(moment).weekday()])

    def weekday_short(self, moment: datetime) -> str:
        """The day of the week in two or three letters, for an axis."""
        return self._(WEEKDAYS_SHORT[self.local(moment).weekday()])

    def lasting(self, minutes: float) -> str:
        """A stretch of time: 1 h 35 min, 4 min, 20 s."""
        seconds = round(minutes * 60)
        if 0 < seconds < 60:
            return self._("%(seconds)s s", seconds=seconds)
        whole = round(minutes)
        hours, rest = divmod(whole, 60)
        parts = [self._("%(hours)s h", hours=self.number(hours))] if hours else []
        if rest or not hours:
            parts.append(self._("%(minutes)s min", minutes=rest))
        return NO_BREAK_SPACE.join(parts).replace(" ", NO_BREAK_SPACE)

    def between(self, start: datetime, end: datetime) -> str:
        """How long it is from one moment to another."""
        return self.lasting((end - start).total_seconds() / 60)

    def apart(self, planned: datetime, actual: datetime) -> str:
        """How much later (or earlier) than planned something came."""
        # Both are shown by the minute, so the difference is that of what is shown.
        minutes = int(actual.timestamp() // 60 - planned.timestamp() // 60)
        if minutes == 0:
            return self._("on time")
        if minutes > 0:
            return self._("%(time)s later", time=self.lasting(minutes))
        return self._("%(time)s earlier", time=self.lasting(-minutes))

    def listed(self, words: tuple[str, ...] | list[str]) -> str:
        """Words in a sentence: a, b and c."""
        if len(words) < 2:
            return "".join(words)
        return self._(
            "%(all_but_last)s and %(last)s", all_but_last=", ".join(words[:-1]), last=words[-1]
        )


WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
WEEKDAYS_SHORT: Final = (
    N_("Mon"),
    N_("Tue"),
    N_("Wed"),
    N_("Thu"),
    N_("Fri"),
    N_("Sat"),
    N_("Sun"),
)


def texts(language: str, time_zone: str = "UTC") -> Texts:
    """The texts of one language. Raises InputError where there is no catalogue for it."""
    if language not in LANGUAGES:
        raise InputError(
            "unknown-language",
            f"there are no texts in {language!r}",
            hint=f"use one of {', '.join(LANGUAGES)}",
        )
    try:
        catalogue = gettext.translation(DOMAIN, str(LOCALE_FOLDER), [language])
    except FileNotFoundError as error:
        raise EnvironmentFailed(
            "catalogue-missing",
            f"the message catalogue {language} is not compiled",
            hint="run `make setup`, or install the program anew",
        ) from error
    return Texts(language, ZoneInfo(time_zone), catalogue)


def language_of(environment_value: str | None) -> str:
    """The language that a value such as sv_SE.UTF-8 (LANG) asks for; English for any other."""
    wanted = (environment_value or "").replace("-", "_").partition("_")[0].lower()
    return wanted if wanted in LANGUAGES else FALLBACK
