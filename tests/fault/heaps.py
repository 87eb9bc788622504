"""Heaps of mail: many that wait, and many in one mailbox.

HARDENING A87 to A89.  A letter of size 0 is a header alone (A89).  The long
form has the row's own 100,000 in one mailbox; of those that wait it has as
many as the journal and the disk of a test machine hold, not a million.
"""

import os
import random
import signal
import threading
import time

from hub import GUARD, Fault, Hub
from kill import settle_and_compare
from ledger import Cut, Ledger, Reader, Refused, Sender

ACCOUNTS = ("ann", "bob")
SIZES = (0, 0, 400)
SENDERS = 8
# What a message that waits, or a letter that is listed, costs beside its file.
WAITING_KIB = 4
LISTED_KIB = 0.25
SLACK_KIB = 16384
LOGIN_SECONDS = 20.0    # of 100,000 letters; clients give up after 30 or so
# Big files again: the small ones of the other tests are for changing often.
LARGE = {"journal_segment_bytes": "16MiB", "letters_segment_bytes": "16MiB"}


def send_many(hub, ledger, names, count):
    """By several at once; how many were taken."""
    faults = []

    def run(share, seed):
        rng = random.Random(seed)
        sender = Sender(hub, ledger, rng)
        try:
            for _ in range(share):
                if not sender.send(names, rng.choice(SIZES)):
                    return      # no more room: said, and counted
        except Exception as fault:      # a thread must not die unheard
            faults.append(fault)
        finally:
            sender.close()
    threads = [threading.Thread(target=run, args=(
        count // SENDERS + (i < count % SENDERS), i)) for i in range(SENDERS)]
    before = ledger.count("taken")
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise Fault("a sender broke off: %r" % faults[0])
    return (ledger.count("taken") - before) // len(names)


def memory_of(pids):
    """KiB that are theirs alone or shared out fairly."""
    total = 0
    for pid in pids:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


# --- A87: many wait ---------------------------------------------------------

def waiting(context, count):
    """ann's mailbox is stopped; then it goes on, and everything is there."""
    hub = Hub(context.bin, ACCOUNTS, config=LARGE)
    stopped = []
    try:
        ledger = Ledger(context.seed)
        hub.start()
        send_many(hub, ledger, ["ann", "bob"], 8)
        hub.wait_settled()
        ledger.compare(hub)
        before = memory_of(hub.pids("queue"))
        stopped = hub.pids("mailbox", hub.accounts["ann"])
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        taken = send_many(hub, ledger, ["ann"], count)
        grown = memory_of(hub.pids("queue")) - before
        words = "%d of %d wait; the queue grew by %d KiB" % (
            taken, count, grown)
        context.note(words)
        if taken == 0 or grown > taken * WAITING_KIB + SLACK_KIB:
            raise Fault(words)
        if not Reader(hub, ledger, "bob").all():
            raise Fault("bob suffers from what waits for ann")
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        stopped = []
        hub.wait_settled(GUARD * 5)
        settle_and_compare(hub, ledger)
        return words
    except BaseException:
        context.keep(hub)
        raise
    finally:
        for pid in stopped:
            try:
                os.kill(pid, signal.SIGCONT)
            except ProcessLookupError:
                pass
        hub.remove()


# --- A88, A89: many in one mailbox --------------------------------------------

def listed(hub, ledger, count):
    """A session's own account: (seconds of the login, KiB of the mailbox)."""
    pids = hub.pids("mailbox", hub.accounts["ann"])
    before = memory_of(pids)
    began = time.monotonic()
    lines = Reader(hub, ledger, "ann").login()
    seconds = time.monotonic() - began
    try:
        lines.send(b"STAT\r\nLIST\r\nUIDL\r\n")
        if int(lines.status().split()[1]) != count:
            raise Fault("STAT does not say %d" % count)
        lines.status()
        sizes = lines.block()
        lines.status()
        uidls = [line.split()[1].decode() for line in lines.block()]
        if len(sizes) != count or len(set(uidls)) != count:
            raise Fault("LIST has %d lines, UIDL %d names" % (
                len(sizes), len(set(uidls))))
        for place in (1, 2, count // 2, count - 1, count):
            lines.send(b"RETR %d\r\n" % place)
            lines.status()
            ledger.know("ann", uidls[place - 1], lines.block())
        grown = memory_of(hub.pids("mailbox", hub.accounts["ann"])) - before
        lines.send(b"QUIT\r\n")
        lines.status()
    finally:
        lines.close()
    return seconds, grown


def one_mailbox(context, count):
    hub = Hub(context.bin, ACCOUNTS, config=LARGE)
    try:
        ledger = Ledger(context.seed)
        hub.start()
        taken = send_many(hub, ledger, ["ann"], count)
        hub.wait_settled(GUARD * 5)
        if taken != count:
            raise Fault("only %d of %d are taken" % (taken, count))
        seconds, grown = listed(hub, ledger, count)
        words = "%d letters: login %.2f s, the session costs %d KiB" % (
            count, seconds, grown)
        context.note(words)
        if seconds > LOGIN_SECONDS or \
                grown > count * LISTED_KIB + SLACK_KIB:
            raise Fault(words)
        settle_and_compare(hub, ledger)
        return words
    except (Cut, Refused) as fault:
        context.keep(hub)
        raise Fault("a session ends: %s" % fault) from fault
    except BaseException:
        context.keep(hub)
        raise
    finally:
        hub.remove()


def tests(context):
    long = context.long
    yield "heaps/waiting", lambda: waiting(context, 50000 if long else 1000)
    yield "heaps/one-mailbox", lambda: one_mailbox(
        context, 100000 if long else 2000)
