"""Collecting from Dovecot: the hub beside fetchmail and mpop, and mbsync.

The provider is the peer's Dovecot (mdbox), over a line of our own making
(delay.py) that takes 40 ms there and back, or without it.  fetchmail gives each
message to `cat >/dev/null`; mpop pipelines and writes a maildir, as mbsync does
over IMAP; the hub does what it always does, and its time ends when fresh POP3 logins show all of it.
Everything is kept at the provider, and each run begins without any memory.
"""

import collections
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import load
import meter
import servers

MEAN = 6144
LARGE_EACH = 500        # one message of so many has 1 to 3 MB
ONE, BOXES, SMALL = 2000, 50, 100
RTT_MS = 40
SAMPLE = 200            # messages for fetchmail over the long line: its rate
GUARD = 900.0
QUIET = 6.0             # the hub settles deliveries every 5 s

Row = collections.namedtuple("Row", "what boxes n rtt")
ROWS = (
    Row("1 x 2,000, 40 ms", ["one"], ONE, RTT_MS),
    Row("50 x 100, 40 ms", ["m%d" % i for i in range(BOXES)], SMALL, RTT_MS),
    Row("1 x 2,000, 0 ms", ["one"], ONE, 0),
    Row("50 x 100, 0 ms", ["m%d" % i for i in range(BOXES)], SMALL, 0),
)
IMAP_ROWS = (
    Row("1 x 2,000, 40 ms", ["one"], ONE, RTT_MS),
    Row("1 x 2,000, 0 ms", ["one"], ONE, 0),
)
Figure = collections.namedtuple("Figure", "rate cpu_ms")


def mail(count, seed):
    """Messages as mail is, one of LARGE_EACH large; the same every time."""
    chance = random.Random(seed)
    for i in range(count):
        size = int(min(max(chance.lognormvariate(0, 0.9) * MEAN * 0.667,
                           400), 40 * MEAN))
        if (seed + i) % LARGE_EACH == LARGE_EACH - 1:
            size = chance.randint(10 ** 6, 3 * 10 ** 6)
        yield load.letter(size)


def fill(peer):
    """The mailboxes at the provider, by LMTP."""
    shares = {"one@mdbox": list(mail(ONE, 0))}
    for i in range(BOXES):
        shares["m%d@mdbox" % i] = list(mail(SMALL, i * SMALL))
    # Dovecot may fail when several sessions make a mailbox at one moment
    load.Sender(peer.lmtp, [([name], texts[0]) for name, texts in
                            shares.items()], lmtp=True).run(1)
    load.Sender(peer.lmtp, [([name], text) for name, texts in shares.items()
                            for text in texts[1:]], lmtp=True).run(4)
    load.wait_visible(peer.pop3, {name: len(texts) for name, texts in
                                  shares.items()})


class Line:
    """with Line(port, rtt_ms) as line: line.port leads there, later."""

    def __init__(self, port, rtt_ms):
        self.port, self.rtt, self.process = port, rtt_ms, None

    def __enter__(self):
        if self.rtt:
            self.process = subprocess.Popen(
                [sys.executable, os.path.join(os.path.dirname(
                    os.path.abspath(__file__)), "delay.py"), str(self.port),
                 str(self.rtt)], stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, text=True)
            self.port = int(self.process.stdout.readline())
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()


# --- the others --------------------------------------------------------------

def timed(words, folder, statuses):
    """(seconds, CPU seconds) of a program and all it has waited for."""
    before = os.times()
    with open(os.path.join(folder, "said"), "wb") as said:
        began = time.monotonic()
        done = subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL,
                              stdout=said, stderr=said, timeout=GUARD,
                              check=False,
                              env=dict(os.environ, HOME=folder,
                                       FETCHMAILHOME=folder))
        seconds = time.monotonic() - began
    after = os.times()
    if done.returncode not in statuses:
        with open(os.path.join(folder, "said"), encoding="utf-8",
                  errors="replace") as said:
            raise ValueError("%s: status %d: %s" % (
                words[0], done.returncode, said.read()[-500:]))
    return seconds, (after.children_user + after.children_system -
                     before.children_user - before.children_system)


def put(path, text):
    servers.write(path, text)
    os.chmod(path, 0o600)


def fetchmail(port, boxes, n, folder):
    put(folder + "/rc", "set no bouncemail\n"
        "poll 127.0.0.1 port %d proto POP3 auth password timeout 60\n" % port +
        "".join('  user "%s@mdbox" password "%s" sslproto "" keep fetchall '
                'fetchlimit %d mda "/bin/cat >/dev/null"\n' % (
                    box, servers.PASSWORD, n) for box in boxes))
    # 13: the limit of messages was reached
    return timed(["fetchmail", "-f", folder + "/rc", "--nodetach", "--silent",
                  "--pidfile", folder + "/pid", "--idfile", folder + "/ids"],
                 folder, (0, 13))


def mpop(port, boxes, n, folder):
    text = "defaults\nhost 127.0.0.1\nport %d\ntls off\nauth user\nkeep on\n" \
           "pipelining on\npassword %s\nuidls_file %s/uidls_%%U\n" % (
               port, servers.PASSWORD, folder)
    for box in boxes:
        for part in ("new", "cur", "tmp"):
            os.makedirs("%s/%s/%s" % (folder, box, part))
        text += "account %s\nuser %s@mdbox\ndelivery maildir %s/%s\n" % (
            box, box, folder, box)
    put(folder + "/rc", text)
    figures = timed(["mpop", "-C", folder + "/rc", "-Q", *boxes], folder,
                    (0,))
    got = sum(len(os.listdir("%s/%s/new" % (folder, box))) for box in boxes)
    if got != n * len(boxes):
        raise ValueError("mpop has %d of %d" % (got, n * len(boxes)))
    return figures


def mbsync(port, boxes, n, folder):
    text = ""
    for box in boxes:
        os.makedirs("%s/%s" % (folder, box))
        text += "IMAPAccount %s\nHost 127.0.0.1\nPort %d\nUser %s@mdbox\n" \
                "Pass %s\nSSLType None\nAuthMechs LOGIN\nTimeout 120\n\n" \
                "IMAPStore %s-far\nAccount %s\n\nMaildirStore %s-near\n" \
                "Path %s/%s/\nInbox %s/%s/INBOX\n\nChannel %s\n" \
                "Far :%s-far:INBOX\nNear :%s-near:INBOX\nSync Pull\n" \
                "Create Near\nSyncState *\n\n" % (
                    box, port, box, servers.PASSWORD, box, box, box, folder,
                    box, folder, box, box, box, box)
    put(folder + "/rc", text)
    figures = timed(["mbsync", "-q", "-c", folder + "/rc", "-a"], folder,
                    (0,))
    got = sum(len(os.listdir("%s/%s/INBOX/%s" % (folder, box, part)))
              for box in boxes for part in ("new", "cur"))
    if got != n * len(boxes):
        raise ValueError("mbsync has %d of %d" % (got, n * len(boxes)))
    return figures


OTHERS = {"fetchmail": fetchmail, "mpop": mpop}
IMAP_OTHERS = {"mbsync": mbsync}


def measured(name, line, row, folder):
    """One run of one of the others."""
    boxes, n = row.boxes, row.n
    if name == "fetchmail" and row.rtt:
        boxes = boxes[:max(1, SAMPLE // n)]
        n = min(n, SAMPLE)
    scratch = tempfile.mkdtemp(dir=folder)
    try:
        seconds, cpu = {**OTHERS, **IMAP_OTHERS}[name](line.port, boxes, n, scratch)
    finally:
        shutil.rmtree(scratch)
    count = n * len(boxes)
    return Figure(count / seconds, cpu * 1e3 / count)


# --- the hub -----------------------------------------------------------------

class Collector:
    """The hub, with an owner for each mailbox of the provider."""

    def __init__(self, hub, folder):
        self.hub = hub
        self.secret = os.path.join(folder, "provider-password")
        put(self.secret, servers.PASSWORD + "\n")
        self.owners = {}

    def postroom(self, *words):
        done = subprocess.run(
            [os.path.join(self.hub.bin, "postroom"), "-c", self.hub.conf,
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=GUARD, check=False)
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

    def run(self, line, row, protocol):
        wanted = {}
        for box in row.boxes:
            owner = self.owner(box)
            wanted[owner] = load.look(self.hub.pop3, owner) + row.n
            self.postroom("fetch", "add", owner, "--label", "bench", "--host",
                          "127.0.0.1", "--port", str(line.port), "--tls",
                          "none", "--user", box + "@mdbox",
                          "--password-file", self.secret, "--all", "--keep",
                          "--protocol", protocol, "--untested")
        os.sync()
        try:
            with meter.Meter(self.hub.roots()) as cost:
                rows = json.loads(self.postroom("fetch", "now", "--json"))
                load.wait_visible(self.hub.pop3, wanted)
                cost.lap()
                time.sleep(QUIET)
        finally:
            for owner in wanted:
                self.postroom("fetch", "remove", owner, "--label", "bench",
                              "--yes")
        count = row.n * len(row.boxes)
        taken = sum(x["taken"] for x in rows["result"])
        if taken != count:
            raise ValueError("the hub took %d of %d" % (taken, count))
        return Figure(count / cost.seconds, cost.cpu * 1e3 / count)


# --- the table ---------------------------------------------------------------

def ratio(ours, theirs, middle, number):
    if not theirs:
        return "%-12s" % ""
    our, their = middle(ours), middle(theirs)
    words = number(our[0] / their[0]) + "x"
    if our[3] > 0 and their[3] > 0:
        words += ", CPU %sx" % number(our[3] / their[3])
    return words


def rows_of(protocol, rows, others, port, ours, rounds, table):
    folder = os.path.dirname(ours.hub.folder)
    names = [name for name in others if shutil.which(name)]
    print("\n%s collecting (messages/s; CPU of the collector)" %
          protocol.upper())
    print("%-18s %s %24s %7s  %s" % ("", " ".join(
        "%24s %7s" % (name, "CPU ms") for name in others), "Postroom",
        "CPU ms", "ratio to " + ", to ".join(others)))
    for row in rows:
        found = {name: [] for name in (*others, "hub")}
        for _ in range(rounds):
            with Line(port, row.rtt) as line:
                for name in names:
                    found[name].append(measured(name, line, row, folder))
                found["hub"].append(ours.run(line, row, protocol))
        print("%-18s %s  %s" % (row.what, " ".join(
            table.cell(figures) for figures in found.values()), "; ".join(
                ratio(found["hub"], found[name], table.middle, table.number)
                for name in others)), flush=True)


def collect(hub, peer, rounds, table):
    """`table`: middle(), number() and cell() of bench.py."""
    if peer is None:
        print("\nCollecting\nskipped: the provider is Dovecot")
        return
    fill(peer)
    time.sleep(QUIET)
    ours = Collector(hub, os.path.dirname(hub.folder))
    rows_of("imap", IMAP_ROWS, IMAP_OTHERS, peer.imap, ours, rounds, table)
    rows_of("pop3", ROWS, OTHERS, peer.pop3, ours, rounds, table)
