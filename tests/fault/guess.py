"""Does the time of a refusal tell whether somebody exists? (HARDENING A50)

Each name is tried once between two starts of the hub, from an address of its
own, so that no answer waits for what was wrong before.  Names that exist and
names that do not come in random order, one at a time.
"""

import math
import os
import random
import statistics
import time

from hub import DOMAIN, Fault, Hub
from ledger import Lines

# By chance one run in 10,000 looks so in make check; the row's own bound is
# for the many logins of make check-long.
SHORT_P = 0.0001
LONG_P = 0.01
MEDIAN_APART = 0.02
ROUND = 1000            # accounts of the long form; each start tries them all


def refusal(hub, name, source):
    """(seconds, words) of one wrong password."""
    lines = Lines(hub.connect("pop3", source=source))
    try:
        lines.status()
        lines.send(b"USER %s@%s\r\n" % (name.encode(), DOMAIN.encode()))
        lines.status()
        began = time.perf_counter()
        lines.send(b"PASS wrong guess\r\n")
        words = lines.line()
        return time.perf_counter() - began, words
    finally:
        lines.close()


def add_accounts(hub, count):
    """guess0, guess1, ... beside the first."""
    password = os.path.join(hub.folder, "password")
    for i in range(count):
        hub.run("-c", hub.conf, "account", "add", "guess%d@%s" % (i, DOMAIN),
                "--password-file", password)


def sample(hub, count, rng, times, texts):
    """One wrong login for each name, there and not there."""
    names = [(True, "guess%d" % i) for i in range(count)] + \
        [(False, "ghost%d" % i) for i in range(count)]
    rng.shuffle(names)
    for i, (exists, name) in enumerate(names):
        source = "127.%d.%d.%d" % (16 + i // 62500, i // 250 % 250,
                                   1 + i % 250)
        seconds, words = refusal(hub, name, source)
        times[exists].append(seconds)
        texts[exists].add(words)


def rank_sum_p(one, other):
    """Of two samples, by Mann and Whitney: two-sided, normal for n > 20."""
    ranked = sorted([(x, 0) for x in one] + [(x, 1) for x in other])
    rank = sum(i + 1 for i, (_, which) in enumerate(ranked) if which == 0)
    n, m = len(one), len(other)
    u = rank - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def guess(context, count, rounds):
    rng = random.Random(context.seed)
    hub = Hub(context.bin, ("ann",))
    times = {True: [], False: []}
    texts = {True: set(), False: set()}
    try:
        hub.start()
        add_accounts(hub, count)
        for _ in range(rounds):
            hub.stop()
            hub.start()         # it forgets whom it made wait
            sample(hub, count, rng, times, texts)
        hub.stop()
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()
    if texts[True] != texts[False] or len(texts[True]) != 1:
        raise Fault("who exists is told otherwise: %s" % texts)
    here, gone = (statistics.median(times[exists])
                  for exists in (True, False))
    p = rank_sum_p(times[True], times[False])
    words = "%d each: medians %.3f and %.3f ms, p = %.4f" % (
        len(times[True]), 1000 * here, 1000 * gone, p)
    if p < (LONG_P if context.long else SHORT_P):
        raise Fault("time tells who exists: " + words)
    if context.long and abs(here - gone) > MEDIAN_APART * max(here, gone):
        raise Fault("time tells who exists: " + words)
    return words


def tests(context):
    yield "guess/timing", lambda: guess(
        context, *((ROUND, 5) if context.long else (25, 1)))
