"""A call in a run that has pages, for tests of the page of a call."""

from __future__ import annotations

from calls import NOW
from migrator.notices.book import SENT, Item, Message, State, Why, message_to_data
from run_with_pages import ASKED, CHECK, Pages


def a_call(pages: Pages, name: str, person: str = ASKED) -> None:
    """Somebody was called for a check of a run that has pages."""
    item = Item(name, "k", "check", "w01", CHECK, "", "held", NOW, NOW, Why.FIRST)
    message = Message(f"m{name}", person, "mail", (item,), NOW, NOW, State.SENT)
    pages.leader.journal.put_facts(SENT + message.id, message_to_data(message))
