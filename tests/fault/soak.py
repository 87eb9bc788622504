"""An office's day for long: nothing of it may stay.

Mail comes by SMTP and LMTP and is collected; it is read and deleted by POP3
and by IMAP, so that the mailboxes do not grow without end.  What the hub has
when it is warm, it has at the end: the same descriptors, and no more memory
or disk but a little.  SOAK_MINUTES in the environment says for how long.
"""

import os
import random
import time

from hub import GUARD, Fault, Hub
from kill import settle_and_compare
from ledger import Ledger, Load, Reader
from others import Collected, Program

ACCOUNTS = ("ann", "bob", "cid")
POP3, IMAP, FETCH = "ann", ("bob", "cid"), "cid"
CONFIG = {"connections_per_address": "1000"}
MINUTES = 30
WARM = 0.3              # of the time: caches and heaps have their size
WARM_TAKEN = 400        # messages, at least, however slow this machine is
PARTS_MOST = 8          # until one leaves no more than the one before
GROWN = 1.1             # of what was warm
SLACK_KIB = 4096        # letters are deleted at random: lists differ
LATER = ("trail", "big")
DISK_LETTERS = 10000    # with fewer, databases have not got their size yet
DISK_KIB = 65536        # a search index forgets letters row by row
LETTER_KIB = 1.0        # of the disk: what is told of one that has gone


def disk_kib(hub):
    """
    But for the trail, which tells of each letter for days, and for large
    letters, whose files go a day after they were deleted.
    """
    total = 0
    for folder, names, files in os.walk(hub.data):
        names[:] = [name for name in names if name not in LATER]
        for file in files:
            try:
                total += os.lstat(os.path.join(folder, file)).st_blocks // 2
            except FileNotFoundError:
                continue        # it has just been settled
    return total


def calm_costs(hub, ledger):
    """{role: (KiB, descriptors)} when nothing moves and no mail is there."""
    for account in ACCOUNTS:
        Reader(hub, ledger, account).delete(lambda number: True)
    hub.wait_settled()
    time.sleep(1.5)     # settling and the trail are timed by the second
    return dict(hub.costs(), disk=(disk_kib(hub), 0))


def empty(reader, stop):
    """All that is read is deleted: no reader is slower than the senders."""
    while not stop.is_set():
        reader.delete(lambda number: True)
        stop.wait(0.05)


def part_of(hub, ledger, seed, seconds, collected):
    """The load for so long, and until there was enough of it; its costs."""
    enough = ledger.count("taken") + WARM_TAKEN
    began = time.monotonic()
    load = Load(hub, ledger, seed, senders=4, readers=0)
    load.add(empty, Reader(hub, ledger, POP3), load.stopping)
    for account in IMAP:
        load.add(Program(hub, ledger, account).load,
                 random.Random("%s/%s" % (seed, account)), load.stopping)
    load.add(collected.load, random.Random(seed), load.stopping)
    with load:
        while time.monotonic() - began < seconds or (
                ledger.count("taken") < enough and
                time.monotonic() - began < GUARD):
            time.sleep(0.1)
            if load.faults:
                break
    return calm_costs(hub, ledger)


def growth(warm, last, letters):
    """What has grown, in words; None: nothing."""
    for role, (memory, descriptors) in warm.items():
        now = last.get(role, (0, 0))
        if role == "disk" and letters < DISK_LETTERS:
            continue
        slack = DISK_KIB + letters * LETTER_KIB if role == "disk" else \
            SLACK_KIB
        if now[0] > memory * GROWN + slack:
            return "%s grows from %d to %d KiB" % (role, memory, now[0])
        if now[1] > descriptors:
            return "%s has %d descriptors after %d" % (role, now[1],
                                                       descriptors)
    return None


def soak(context, seconds):
    hub = Hub(context.bin, ACCOUNTS, CONFIG)
    collected = None
    try:
        ledger = Ledger(context.seed)
        collected = Collected(hub, ledger, FETCH)
        hub.start()
        last = part_of(hub, ledger, "%d/warm" % context.seed, seconds * WARM,
                       collected)
        for number in range(PARTS_MOST):
            warm, before = last, ledger.count("taken")
            last = part_of(hub, ledger, "%d/%d" % (context.seed, number),
                           seconds * (1 - WARM), collected)
            grown = growth(warm, last, ledger.count("taken") - before)
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
        if collected is not None:
            collected.close()
        hub.remove()


def tests(context):
    minutes = float(os.environ.get("SOAK_MINUTES", MINUTES))
    yield "soak/load", lambda: soak(context, minutes * 60 if context.long
                                    else 10)
