"""No number twice: UIDs and UIDLs across a crash.

Letters are delivered, seen, deleted; QUIT is answered; before any of it is
settled everything is killed.  Nothing returns, no UIDL names two letters (the
ledger sees to that), and index.db gives no UID a second time.
"""

import random

from hub import Fault, Hub
from ledger import Ledger, Reader, Sender


def compare_uids(before, after, is_cut=False):
    """
    Rows of index.db: what had a UID keeps it or is buried, and what is new
    got a number above all that were ever given.  After a power cut an expunge
    that nobody was told of may be undone, so an older number may come back.
    """
    entries, buried = before
    now, buried_now = after
    for uid, message in entries.items():
        if uid in now and now[uid] != message:
            raise Fault("UID %d named %s, now %s" % (
                uid, message.hex(), now[uid].hex()))
    last = max([0, *entries, *(uid for _, uid in buried)])
    for uid, message in now.items():
        if uid not in entries and uid <= last and not is_cut:
            raise Fault("UID %d is given again, to %s" % (uid, message.hex()))
        for first, end in buried_now if is_cut else buried + buried_now:
            if first <= uid <= end:
                raise Fault("UID %d has a letter and a tombstone" % uid)


def uids(context, seed, rounds):
    rng = random.Random(seed)
    hub = Hub(context.bin, ("ann", "bob"), config={"settle_seconds": "1h"})
    try:
        ledger = Ledger(seed)
        before = {}
        for _ in range(rounds):
            hub.start()
            sender = Sender(hub, ledger, rng)
            for _ in range(rng.randint(2, 12)):
                if not sender.send(["ann", "bob"]):
                    raise Fault("a message is not taken")
            sender.close()
            for name in hub.accounts:
                reader = Reader(hub, ledger, name)
                want = sum(1 for key, word in ledger.told.items()
                           if key[1] == name and word == "taken" and
                           key not in ledger.deleted)
                hub.wait_for(lambda: len(reader.all()) == want,
                             "not every letter comes, or too many")
                if not reader.delete(lambda number: rng.random() < 0.5) and \
                        want > 20:
                    raise Fault("nothing can be deleted")
            hub.kill()
            hub.check()
            for name in hub.accounts:
                now = hub.uids(name)
                if name in before:
                    compare_uids(before[name], now)
                before[name] = now
        hub.start()
        ledger.compare(hub)
        hub.stop()
        hub.check()
        for name in hub.accounts:
            compare_uids(before[name], hub.uids(name))
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    for seed in range(context.seed, context.seed + (20 if context.long
                                                    else 1)):
        yield ("uids/%d" % seed, lambda seed=seed: uids(
            context, seed, 8 if context.long else 3))
