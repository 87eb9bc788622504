"""SIGKILL to each role, and to the whole hub, under load."""

import os
import random
import time

from hub import Hub
from ledger import Ledger, Load

ROLES = ("queue", "mailbox", "door", "judge", "keeper", "console")
ACCOUNTS = ("ann", "bob", "cid")


def settle_and_compare(hub, ledger):
    """Now, and after a start in good order; then the check of the store."""
    hub.wait_settled()
    ledger.compare(hub)
    hub.stop()
    hub.check()
    hub.start()
    ledger.compare(hub)
    hub.stop()
    hub.check()


def kill_role(context, role, seed, kills):
    rng = random.Random(seed)
    hub = Hub(context.bin, ACCOUNTS)
    try:
        ledger = Ledger(seed)
        hub.start()
        with Load(hub, ledger, seed):
            hub.wait_for(lambda: ledger.count("taken"), "no mail is taken")
            for _ in range(kills):
                time.sleep(rng.uniform(0.02, 0.3))
                hub.kill_role(role)
                # the next kill is for one that works again
                before = ledger.count("taken")
                hub.wait_for(lambda: ledger.count("taken") > before,
                             "no mail is taken after the kill")
        context.note(dict(ledger.answers))
        settle_and_compare(hub, ledger)
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def kill_hub(context, seed, kills):
    rng = random.Random(seed)
    hub = Hub(context.bin, ACCOUNTS)
    try:
        ledger = Ledger(seed)
        for _ in range(kills):
            hub.start()
            with Load(hub, ledger, rng.random()):
                before = ledger.count("taken")
                hub.wait_for(lambda: ledger.count("taken") > before,
                             "no mail is taken")
                time.sleep(rng.uniform(0.0, 0.4))
                hub.kill()
            hub.check()
        context.note(dict(ledger.answers))
        hub.start()
        settle_and_compare(hub, ledger)
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    rounds = 10 if context.long else 1
    for number in range(rounds):
        for role in ROLES:
            seed = context.seed + number
            yield ("kill/%s/%d" % (role, seed), lambda role=role, seed=seed:
                   kill_role(context, role, seed, 12 if context.long else 3))
        yield ("kill/all/%d" % seed, lambda seed=seed:
               kill_hub(context, seed, 12 if context.long else 4))
