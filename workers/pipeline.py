"""The one pipeline: facts come in or go away, the ledger follows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from service.domain.automation.writes import News
from service.domain.facts import Fact
from service.domain.fold import fold
from service.store import facts as fact_store
from service.store import ledger, owing
from service.store.accounts import Account
from service.store.ledger import Touched


def apply(tx: Connection, account: Account, new: Sequence[Fact], withdrawn: Sequence[int] = ()) -> Touched:
    """Take away the facts of `withdrawn` deliveries, keep `new` ones, and write what that changes.

    The caller holds the account's lock.
    """
    old = fact_store.of_deliveries(tx, account.id, withdrawn)
    subjects = {fact.subject for fact in (*old, *new)}
    stories = fact_store.of_subjects(tx, account.id, subjects)
    before = {subject: fold(facts) for subject, facts in stories.items()}
    gone = set(withdrawn)
    for subject, facts in stories.items():
        stories[subject] = [fact for fact in facts if fact.delivery_id not in gone]
    for fact in new:
        stories.setdefault(fact.subject, []).append(fact)
    after = {subject: fold(facts) for subject, facts in stories.items() if facts}
    if withdrawn:
        fact_store.forget(tx, account.id, withdrawn)
    fact_store.keep(tx, account.id, new)
    # What a delivery says that said something before is no news, even where it now says something else.
    told_before = {fact.delivery_id for fact in old}
    news = News([fact for fact in new if fact.delivery_id not in told_before])
    with owing.owed(tx, account, (before, after), news, gone - {fact.delivery_id for fact in new}):
        return ledger.write(tx, account, before, after)


def rebuild(tx: Connection, account: Account) -> int:
    """Make the whole ledger of an account anew from its facts; the number of subjects folded."""
    ledger.lock(tx, account.id)
    ledger.clear(tx, account.id)
    count = 0
    for stories in fact_store.by_subject(tx, account.id):
        ledger.write(tx, account, {}, {subject: fold(facts) for subject, facts in stories.items()})
        count += len(stories)
    return count
