"""The same load for long: nothing of it may stay.

Senders and readers work as in the other tests; a reader deletes, so that the
mailboxes do not grow without end.  What the hub has when it is warm, it has at
the end: the same descriptors, and no more memory but a little.
"""

import time

from hub import GUARD, Fault, Hub
from kill import settle_and_compare
from ledger import Ledger, Load

ACCOUNTS = ("ann", "bob")
WARM = 0.3              # of the time: caches and heaps have their size
WARM_TAKEN = 400        # messages, at least, however slow this machine is
PARTS_MOST = 5          # until one leaves no more than the one before
GROWN = 1.1             # of what was warm
SLACK_KIB = 4096        # letters are deleted at random: lists differ


def calm_costs(hub):
    """{role: (KiB, descriptors)} when nothing moves."""
    hub.wait_settled()
    time.sleep(1.5)     # settling and the trail are timed by the second
    return hub.costs()


def part_of(hub, ledger, seed, seconds):
    """The load for so long, and until there was enough of it; its costs."""
    enough = ledger.count("taken") + WARM_TAKEN
    began = time.monotonic()
    with Load(hub, ledger, seed, senders=4, readers=2):
        while time.monotonic() - began < seconds or (
                ledger.count("taken") < enough and
                time.monotonic() - began < GUARD):
            time.sleep(0.1)
    return calm_costs(hub)


def growth(warm, last):
    """What has grown, in words; None: nothing."""
    for role, (memory, descriptors) in warm.items():
        now = last.get(role, (0, 0))
        if now[0] > memory * GROWN + SLACK_KIB:
            return "%s grows from %d to %d KiB" % (role, memory, now[0])
        if now[1] > descriptors:
            return "%s has %d descriptors after %d" % (role, now[1],
                                                       descriptors)
    return None


def soak(context, seconds):
    hub = Hub(context.bin, ACCOUNTS)
    try:
        ledger = Ledger(context.seed)
        hub.start()
        last = part_of(hub, ledger, "%d/warm" % context.seed, seconds * WARM)
        for number in range(PARTS_MOST):
            warm = last
            last = part_of(hub, ledger, "%d/%d" % (context.seed, number),
                           seconds * (1 - WARM))
            grown = growth(warm, last)
            words = "%d s, %d taken: %s" % (
                seconds, ledger.count("taken"), ", ".join(
                    "%s %d KiB to %d" % (role, warm[role][0], last[role][0])
                    for role in sorted(warm) if role in last))
            context.note(words)
            # what is lost grows with each part, a cache only at first
            if grown is None:
                break
        if grown is not None:
            raise Fault(grown)
        settle_and_compare(hub, ledger)
        return words
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    yield "soak/load", lambda: soak(context, 1800 if context.long else 10)
