"""Collecting from Dovecot: the hub beside fetchmail, getmail6, mpop, fdm and
mbsync.

The provider is the peer's Dovecot (mdbox), over a line of our own making
(delay.py) that takes 40 ms there and back, or without it.  The hub does what it
always does, and its time ends when fresh POP3 logins show all of it.
Everything is kept at the provider, and each run begins without any memory.
"""

import collections
import json
import os
import statistics
import subprocess
import sys
import time

import load
import mailbag
import meter
import others
import servers

ONE, BOXES, SMALL, WRITTEN = 2000, 50, 100, 500
DESKS, DESK = 20, 50    # people of the office, and their own messages
RTT_MS = 40
SLOW = 30.0             # seconds: who takes longer is measured once
QUIET = 6.0             # the hub settles deliveries every 5 s
HUB = "Postroom"

MANY = ["m%d" % i for i in range(BOXES)]
OFFICE = ["o%d" % i for i in range(DESKS)]

# How many times the rate of that one, or of the best; and for bytes in both
# directions, which share of what that one, or the least, has carried.
Row = collections.namedtuple("Row", "what kinds boxes rtt rates bytes",
                             defaults=({}, {}))
IMAP, POP3, COMPRESS = ("imap",), ("pop3",), ("imap", "compress")
ROWS = (
    Row("IMAP, 1 x 2,000, 40 ms", IMAP, ["one"], RTT_MS, {"mbsync": 3}),
    Row("IMAP, 1 x 2,000, 0 ms", IMAP, ["one"], 0),
    Row("IMAP with COMPRESS, 1 x 500 as written, 40 ms", COMPRESS,
        ["text"], RTT_MS, {}, {"mbsync, clear": 0.6}),
    Row("POP3, 1 x 2,000, 40 ms", POP3, ["one"], RTT_MS,
        {"fetchmail": 80, "mpop": 2.5}),
    Row("POP3, 50 x 100, 40 ms", POP3, MANY, RTT_MS, {"best": 15}),
    Row("POP3, 1 x 2,000, 0 ms", POP3, ["one"], 0, {"best": 3}),
    Row("POP3, 50 x 100, 0 ms", POP3, MANY, 0, {"best": 3}),
    Row("POP3, an office of 20, 0.3 of the bytes signed and the same", POP3,
        OFFICE, 0, {}, {"least": 0.75}),
)
# a message; `carried` is None where nobody counted
Figure = collections.namedtuple("Figure", "rate cpu_ms carried seconds")


def fill(peer, hub):
    """The mailboxes at the provider, by LMTP: {name: how many}."""
    shares = {"one": list(mailbag.letters(ONE, 0)),
              "text": list(mailbag.written(WRITTEN, 1))}
    for i, box in enumerate(MANY):
        shares[box] = list(mailbag.letters(SMALL, i * SMALL))
    signer = mailbag.Signer(hub.folder)
    hub.keys.table.update(signer.keys())
    desks, _ = mailbag.office(OFFICE, DESK, signer)
    shares.update(desks)
    at = {box + "@mdbox": texts for box, texts in shares.items()}
    # Dovecot may fail when several sessions make a mailbox at one moment
    load.Sender(peer.lmtp, [([name], texts[0]) for name, texts in at.items()],
                lmtp=True).run(1)
    load.Sender(peer.lmtp, [([name], text) for name, texts in at.items()
                            for text in texts[1:]], lmtp=True).run(4)
    counts = {box: len(texts) for box, texts in shares.items()}
    load.wait_visible(peer.pop3, {box + "@mdbox": n
                                  for box, n in counts.items()})
    return counts


class Line:
    """with Line(port, rtt_ms, True) as line: line.port leads there, later; then
    line.carried is (sent, received) bytes.  Without a delay and not counted it
    is the port itself."""

    def __init__(self, port, rtt_ms, is_counted):
        self.port, self.rtt, self.process = port, rtt_ms, None
        self.is_counted, self.carried = is_counted, None

    def __enter__(self):
        if self.rtt or self.is_counted:
            self.process = subprocess.Popen(
                [sys.executable, os.path.join(os.path.dirname(
                    os.path.abspath(__file__)), "delay.py"), str(self.port),
                 str(self.rtt)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
            self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        if self.process:
            said, _ = self.process.communicate()
            self.carried = tuple(map(int, said.split()))


class Collector:
    """The hub, with an owner for each mailbox of the provider."""

    def __init__(self, hub, folder):
        self.hub = hub
        self.secret = os.path.join(folder, "provider-password")
        others.put(self.secret, servers.PASSWORD + "\n")
        self.owners = {}

    def postroom(self, *words):
        done = subprocess.run(
            [os.path.join(self.hub.bin, "postroom"), "-c", self.hub.conf,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=others.GUARD, check=False)
        text = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            raise ValueError("postroom %s: %s" % (" ".join(words), text))
        return text

    def owner(self, box):
        if box not in self.owners:
            self.owners[box] = "c-%s@office.test" % box
            self.postroom("account", "add", self.owners[box],
                          "--password-file", self.secret)
        return self.owners[box]

    def fetch(self, *words):
        return json.loads(self.postroom("fetch", "now", *words,
                                        "--json"))["result"]

    def run(self, port, boxes, protocol, in_turn):
        """(messages, seconds, CPU seconds); `boxes`: how many are in each;
        `in_turn`: the first before the others, as polls do not come in the
        same second."""
        wanted = {}
        for box, n in boxes.items():
            owner = self.owner(box)
            wanted[owner] = load.look(self.hub.pop3, owner) + n
            self.postroom("fetch", "add", owner, "--label", "bench", "--host",
                          "127.0.0.1", "--port", str(port), "--tls",
                          "none", "--user", box + "@mdbox",
                          "--password-file", self.secret, "--all", "--keep",
                          "--protocol", protocol, "--untested")
        os.sync()
        try:
            with meter.Meter(self.hub.roots()) as cost:
                rows = self.fetch(next(iter(wanted))) if in_turn else []
                rows += self.fetch()
                load.wait_visible(self.hub.pop3, wanted)
                cost.lap()
                time.sleep(QUIET)
        finally:
            for owner in wanted:
                self.postroom("fetch", "remove", owner, "--label", "bench",
                              "--yes")
        count = sum(boxes.values())
        taken = sum(x["taken"] for x in rows)
        if taken != count:
            raise ValueError("the hub took %d of %d" % (taken, count))
        return count, cost.seconds, cost.cpu


# --- one row -----------------------------------------------------------------

class Bench:
    def __init__(self, hub, peer, rounds, table):
        self.peer, self.rounds, self.table = peer, rounds, table
        self.folder = os.path.dirname(hub.folder)
        self.counts = fill(peer, hub)
        self.hub = Collector(hub, self.folder)

    def once(self, name, row, is_counted):
        port = getattr(self.peer, row.kinds[0])
        boxes = {box: self.counts[box] for box in row.boxes}
        with Line(port, row.rtt, is_counted) as line:
            if name == HUB:
                n, seconds, cpu = self.hub.run(line.port, boxes, row.kinds[0],
                                               row.boxes is OFFICE)
            else:
                n, seconds, cpu = others.measured(
                    name, line.port, boxes, row.rtt > 0, self.folder)
        carried_each = line.carried and tuple(x / n for x in line.carried)
        return Figure(n / seconds, cpu * 1e3 / n, carried_each, seconds)

    def add(self, name, row, figures):
        """Another figure; at 0 ms the bytes are counted in a run of its own.
        Where they are all that counts one run is enough, and has to be: what
        the hub has in the first it need not carry again."""
        if figures and (row.bytes or any(x.seconds > SLOW for x in figures)):
            return
        is_counted = row.rtt > 0 or bool(row.bytes)
        figure = self.once(name, row, is_counted)
        if not is_counted and not figures:
            figure = figure._replace(
                carried=self.once(name, row, True).carried)
        figures.append(figure)

    def row(self, row):
        """{name: its figures}, without those that have failed each time."""
        found = {name: [] for name in (*others.those(row.kinds), HUB)}
        for _ in range(self.rounds):
            for name, figures in found.items():
                try:
                    self.add(name, row, figures)
                except others.Failed as fault:
                    print("\n%s: %s: %s" % (row.what, name, fault))
        return {name: figures for name, figures in found.items() if figures}


def carried(figures):
    """Bytes a message, sent and received: the median of each."""
    counted = [x.carried for x in figures if x.carried]
    return tuple(statistics.median(x) for x in zip(*counted))


def best(found, name, key, choose):
    """What `key` says of that one; "best" or "least": of all the others."""
    if name in ("best", "least"):
        return choose(key(x) for other, x in found.items() if other != HUB)
    return key(found[name]) if found.get(name) else None


def verdicts(row, found, table):
    """Words for what was aimed at, of those that were there."""
    if len(found) == 1:
        return

    def rate(figures):
        return table.middle(figures)[0]

    for name, aim in row.rates.items():
        theirs = best(found, name, rate, max)
        if theirs:
            ratio = rate(found[HUB]) / theirs
            yield "%sx %s; aim %gx: %s" % (
                table.number(ratio), name, aim,
                "met" if ratio >= aim else "MISSED")
    for name, aim in row.bytes.items():
        theirs = best(found, name, lambda x: sum(carried(x)), min)
        if theirs:
            share = sum(carried(found[HUB])) / theirs
            yield "%.3f of the bytes of %s; aim %g: %s" % (
                share, name, aim, "met" if share <= aim else "MISSED")


def show(row, found, table):
    print("\n%s" % row.what)
    for name, figures in found.items():
        sent, received = carried(figures)
        ratio = "" if name == HUB else "%sx, CPU %sx" % tuple(
            table.number(table.middle(found[HUB])[i] /
                         (table.middle(figures)[i] or 1e-9)) for i in (0, 3))
        print("  %-13s %s %8.0f %9.0f  %s" % (
            name, table.cell(figures), sent, received, ratio))
    for words in verdicts(row, found, table):
        print("  " + words, flush=True)


def collect(hub, peer, rounds, table):
    """`table`: middle(), number() and cell() of bench.py."""
    if peer is None:
        print("\nCollecting\nskipped: the provider is Dovecot")
        return
    bench = Bench(hub, peer, rounds, table)
    time.sleep(QUIET)
    print("\nCollecting (messages/s; CPU of the collector and bytes of the "
          "line a message)\n  %-13s %24s %7s %8s %9s  %s" % (
              "", "messages/s", "CPU ms", "sent", "received",
              "Postroom is"))
    for row in ROWS:
        show(row, bench.row(row), table)
