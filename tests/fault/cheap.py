"""Commands that cost their sender nothing: HARDENING A38.

One client keeps its account's process busy, with work that nobody told it to
stop; meanwhile somebody else of the same account is answered.  Each flood is
answered to its end, and the mailbox is what it was.
"""

import random
import threading

from flood import Watch, flooded
from hub import Fault
from imap_client import Client

BATCH = 100             # letters of one APPEND
IDS = 40                # that one letter refers to


class Flood(threading.Thread):
    """Everything at once; its answers are read as they come."""

    def __init__(self, hub, rounds, command):
        super().__init__(daemon=True)
        self.client = Client(hub, "f")
        self.client.run("SELECT INBOX").expect("OK")
        self.rounds = rounds
        self.command = command
        self.answered = 0
        self.fault = None

    def say(self):
        """From a thread of its own: nobody may have read so far."""
        lines = b"".join(b"n%d %s\r\n" % (i, self.command)
                         for i in range(self.rounds))
        try:
            self.client.lines.send(lines)
        except OSError as fault:
            self.fault = fault

    def run(self):
        threading.Thread(target=self.say, daemon=True).start()
        try:
            while self.answered < self.rounds and self.fault is None:
                line = self.client.response()
                if line.startswith(b"* "):
                    continue
                if not line.startswith(b"n%d OK" % self.answered):
                    raise Fault("%r was answered %r" % (self.command, line))
                self.answered += 1
        except Exception as fault:      # told by end(), in the test's thread
            self.fault = fault

    def end(self):
        self.join()
        self.client.close()
        if self.fault is not None:
            raise Fault("the flood ended with %s" % self.fault)


def fill(hub, count, letter):
    """So many letters, each of letter(i)."""
    client = Client(hub, "a")
    for first in range(0, count, BATCH):
        batch = [letter(i) for i in range(first, min(first + BATCH, count))]
        client.run("APPEND INBOX" + " () {}" * len(batch), batch).expect("OK")
    client.close()


def circles(rng, count):
    """Each refers to forty others, and some of these to it."""
    def letter(i):
        others = b" ".join(b"<%d@circle.test>" % rng.randrange(count)
                           for _ in range(IDS))
        return (b"From: a@b.test\r\nMessage-ID: <%d@circle.test>\r\n"
                b"Subject: Re: %d\r\nReferences: %s\r\n"
                b"In-Reply-To: <%d@circle.test>\r\n\r\nwords of %d\r\n" % (
                    i, i % 7, others, (i + 1) % count, i))
    return letter


def one_command(context, hub, rounds, command):
    """The flood, and who waits for nothing beside it."""
    flood = Flood(hub, rounds, command)
    with Watch(context, hub, "ann"):
        flood.start()
        flood.join()
    flood.end()


def cheap(context, rounds, command):
    with flooded(context, {}) as (hub, _, _):
        one_command(context, hub, rounds, command)


def ordered(context, count, rounds, command):
    """Over letters that lead in circles."""
    with flooded(context, {}) as (hub, ledger, _):
        rng = random.Random(context.seed)
        fill(hub, count, circles(rng, count))
        one_command(context, hub, rounds, command)
        client = Client(hub, "e")
        client.run("SELECT INBOX").expect("OK")
        if len(client.places) != count + 3:
            raise Fault("there are %d letters" % len(client.places))
        client.run("STORE 4:* +FLAGS.SILENT (\\Deleted)").expect("OK")
        client.run("EXPUNGE").expect("OK")
        client.close()
        ledger.compare(hub)


def broken_off(context, count):
    """Half of a message, and gone; again and again."""
    with flooded(context, {}) as (hub, _, costs):
        for _ in costs.floods():
            with Watch(context, hub, "ann"):
                for i in range(count):
                    client = Client(hub, "b")
                    client.lines.send(b"x APPEND INBOX {2000000}\r\n")
                    client.lines.line()
                    client.lines.send(b"Subject: half\r\n\r\n" +
                                      b"x" * (1000 * (i % 64)))
                    client.close()
            costs.over()


def tests(context):
    long = context.long
    many = 10000 if long else 1500
    letters = 20000 if long else 1000
    for name, rounds, command in (
            ("status", many, b"STATUS INBOX (MESSAGES UNSEEN SIZE)"),
            ("noop", many * 4, b"NOOP"),
            ("list", many, b'LIST "" * RETURN (STATUS (MESSAGES UNSEEN))'),
            ("select", many, b"SELECT INBOX")):
        yield "cheap/" + name, lambda rounds=rounds, command=command: \
            cheap(context, rounds, command)
    for name, rounds, command in (
            ("thread", 8, b"THREAD REFERENCES UTF-8 ALL"),
            ("subject", 8, b"THREAD ORDEREDSUBJECT UTF-8 ALL"),
            ("sort", 8, b"SORT (SUBJECT FROM ARRIVAL) UTF-8 ALL"),
            ("search", 40, b"UID SEARCH OR BODY words.that.are OR TEXT no"
             b"where NOT BODY of")):
        yield "cheap/" + name, lambda rounds=rounds, command=command: \
            ordered(context, letters, rounds, command)
    yield "cheap/broken-off", lambda: broken_off(
        context, 2000 if long else 60)
