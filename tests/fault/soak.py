"""The same load for long: nothing of it may stay.

Senders and readers work as in the other tests; a reader deletes, so that the
mailboxes do not grow without end.  What the hub has when it is warm, it has at
the end: the same descriptors, and no more memory but a little.
"""

import time

from hub import Fault, Hub
from kill import settle_and_compare
from ledger import Ledger, Load

ACCOUNTS = ("ann", "bob")
WARM = 0.3              # of the time: caches and heaps have their size
GROWN = 1.1             # of what was warm
SLACK_KIB = 4096        # letters are deleted at random: lists differ


def calm_costs(hub):
    """{role: (KiB, descriptors)} when nothing moves."""
    hub.wait_settled()
    time.sleep(1.5)     # settling and the trail are timed by the second
    return hub.costs()


def soak(context, seconds):
    hub = Hub(context.bin, ACCOUNTS)
    try:
        ledger = Ledger(context.seed)
        hub.start()
        costs = []
        for part in (WARM, 1 - WARM):
            with Load(hub, ledger, "%d/%s" % (context.seed, part), senders=4,
                      readers=2):
                time.sleep(seconds * part)
            costs.append(calm_costs(hub))
        warm, last = costs
        words = "%d s, %d taken: %s" % (
            seconds, ledger.count("taken"), ", ".join(
                "%s %d KiB to %d" % (role, warm[role][0], last[role][0])
                for role in sorted(warm) if role in last))
        context.note(words)
        for role, (memory, descriptors) in warm.items():
            now = last.get(role, (0, 0))
            if now[0] > memory * GROWN + SLACK_KIB:
                raise Fault("%s grows: %s" % (role, words))
            if now[1] > descriptors:
                raise Fault("%s has %d descriptors after %d" % (
                    role, now[1], descriptors))
        settle_and_compare(hub, ledger)
        return words
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    yield "soak/load", lambda: soak(context, 1800 if context.long else 10)
