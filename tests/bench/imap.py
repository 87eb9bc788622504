"""IMAP: the hub beside Dovecot with mdbox, its fastest layout, on a mailbox of
tens of thousands, in clear and over TLS.

What must be on the disk before it is answered (MOVE, EXPUNGE, APPEND) is held
against a Dovecot told `mail_fsync = always`, as an OK of the hub is a receipt;
the rest against its usual mode.  Both have the same certificate.
"""

import collections
import functools
import random
import ssl
import sys
import threading
import time

import load
import mailbag
import meter

MEAN = 6144
MOST = 120 << 10        # bytes of a letter
KINDS = 1000            # of letters
FRESH = 1000            # letters at most that nobody has looked at
BATCH = 200             # letters of one APPEND when a mailbox is filled
LOGINS = 20
SINGLE = 500            # STOREs one by one
APPENDS = {1: 400, 10: 80}      # connections: letters of each
SYNC = 1.2              # seconds: flags are synced within one
TAIL = 4096             # a tagged line is not longer
HEADERS = ("FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (DATE FROM TO CC "
           "SUBJECT MESSAGE-ID REFERENCES CONTENT-TYPE IN-REPLY-TO)])")
NO_MATCH = "zzqqzzqq"

# A row's name, whether Dovecot syncs, and the rate aimed at in clear
Row = collections.namedtuple("Row", "what is_synced aim")
ROWS = (
    Row("LOGIN and SELECT", False, 1.2), Row("FETCH FLAGS", False, 1.2),
    Row("FETCH ENVELOPE, again", False, 1.2),
    Row("FETCH header fields", False, 1.2),
    Row("FETCH BODYSTRUCTURE", False, 1.2),
    Row("FETCH whole", False, 1.5), Row("STORE, a fifth", False, 1.2),
    Row("STORE, one by one", False, 1.2), Row("COPY, a fifth", False, 1.2),
    Row("SEARCH TEXT, no match", False, 3), Row("MOVE", True, 2),
    Row("EXPUNGE", True, 2), Row("APPEND", True, 2),
    Row("APPEND x 10", True, 2), Row("ENVELOPE, first ever", False, 10),
)


@functools.cache
def context():
    """One for all sessions: no certificates are loaded."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


class Imap:
    """One session, logged in; counts bytes and takes nothing apart."""

    def __init__(self, port, user, is_tls):
        self.sock, self.count, self.rest = load.connect(port), 0, b""
        if is_tls:
            self.sock = context().wrap_socket(self.sock)
        self.line()
        self.ask("LOGIN %s secret" % user)

    def line(self):
        while b"\r\n" not in self.rest:
            self.rest += self.receive()
        line, self.rest = self.rest.split(b"\r\n", 1)
        return line

    def receive(self):
        data = self.sock.recv(1 << 18)
        if not data:
            raise EOFError("the server hung up")
        return data

    def say(self, command):
        self.count += 1
        tag = b"Zq%dqZ " % self.count
        self.sock.sendall(tag + command.encode() + b"\r\n")
        return tag

    def wait(self, tag):
        """Bytes up to the tagged OK."""
        got, tail = len(self.rest), self.rest
        while True:
            if tail.endswith(b"\r\n"):
                last = tail[tail.rfind(b"\r\n", 0, -2) + 2:] \
                    if tail.count(b"\r\n") > 1 else tail
                if last.startswith(tag):
                    break
            data = self.receive()
            got += len(data)
            tail = (tail + data)[-TAIL:] if len(data) < TAIL \
                else data[-TAIL:]
        self.rest = b""
        if not last.startswith(tag + b"OK"):
            raise ValueError("the server said %r" % last[:300])
        return got

    def ask(self, command):
        return self.wait(self.say(command))

    def append(self, name, bodies):
        """RFC 3502, each literal when it is asked for."""
        tag = self.say("APPEND %s {%d}" % (name, len(bodies[0])))
        for body, after in zip(bodies, [*bodies[1:], None]):
            line = self.line()
            if not line.startswith(b"+"):
                raise ValueError("the server said %r" % line[:300])
            self.sock.sendall(body + (b"\r\n" if after is None else
                                      b" {%d}\r\n" % len(after)))
        self.wait(tag)

    def close(self):
        self.ask("LOGOUT")
        self.sock.close()


@functools.cache
def kinds():
    """With a second part in some, and a file in some; written once a run."""
    writer, chance = mailbag.Writer(1), random.Random(1)
    return [writer.letter(i, min(int(chance.lognormvariate(0, 0.9) * MEAN *
                                     0.667) + 400, MOST // 2))
            for i in range(KINDS)]


def letters(count, batch):
    """Each its own: of so many kinds, and told apart by a field."""
    for i in range(count):
        yield b"X-Bench: %d.%d\r\n" % (batch, i) + kinds()[i % KINDS]


class Side:
    """One server, with its mailboxes."""

    def __init__(self, server, bodies):
        self.server, self.count = server, len(bodies)
        count = self.count
        self.fifth = max(1, count // 5)
        self.fresh = 0
        self.bytes = sum(map(len, bodies[:2 * self.fifth]))
        for user, n in (("imap", count), ("synced", self.fifth)):
            server.add_user(user)
            session = self.open(user, False)
            for i in range(0, n, BATCH):
                session.append("INBOX", bodies[i:i + BATCH])
            session.close()
        self.few = bodies[:500]

    def __str__(self):
        return self.server.name

    def open(self, user, is_tls, select="INBOX"):
        port = self.server.imaps if is_tls else self.server.imap
        session = Imap(port, self.server.imap_user(user), is_tls)
        if select:
            session.ask("SELECT " + select)
        return session

    # --- one figure --------------------------------------------------------

    def timed(self, work, n, least=0, rest=0.0):
        """(how many, messages a second, CPU ms each, noise) of work(), which
        tells how many bytes came: not fewer than `least`."""
        with meter.Meter(self.server.roots()) as cost:
            got = work()
            cost.lap()
            time.sleep(rest)
        if got is not None and got < least:
            raise ValueError("%d bytes came, not %d" % (got, least))
        return n, n / cost.seconds, cost.cpu * 1e3 / n, cost.noise

    def asked(self, session, command, n, least=0, rest=0.0):
        return self.timed(lambda: session.ask(command), n, least, rest)

    def reading(self, is_tls):
        def logins():
            for _ in range(LOGINS):
                self.open("imap", is_tls).close()

        # the password is known to be right, as after a client's first visit
        session, n = self.open("imap", is_tls), self.count
        yield "LOGIN and SELECT", self.timed(logins, LOGINS)
        for what, command, least in (
                ("FETCH FLAGS", "FETCH 1:* (UID FLAGS)", 20),
                ("FETCH ENVELOPE, again", "FETCH 1:* (ENVELOPE)", 100),
                ("FETCH header fields", HEADERS, 100),
                ("FETCH BODYSTRUCTURE", "FETCH 1:* (BODYSTRUCTURE)", 50)):
            if what == "FETCH ENVELOPE, again":
                session.ask(command)
            yield what, self.asked(session, command, n, least * n)
        fifth = self.fifth
        yield "FETCH whole", self.asked(
            session, "FETCH 1:%d (BODY.PEEK[])" % (2 * fifth), 2 * fifth,
            self.bytes)
        yield "SEARCH TEXT, no match", self.asked(
            session, "SEARCH TEXT " + NO_MATCH, n)
        session.close()

    def changing(self, is_tls):
        session, n = self.open("imap", is_tls), self.fifth
        yield "STORE, a fifth", self.asked(
            session, "STORE 1:%d +FLAGS.SILENT (\\Flagged)" % n, n, rest=SYNC)

        def single():
            for i in range(1, min(SINGLE, self.count) + 1):
                session.ask("STORE %d +FLAGS (\\Answered)" % i)

        yield "STORE, one by one", self.timed(
            single, min(SINGLE, self.count), rest=SYNC)
        session.ask("STORE 1:%d -FLAGS.SILENT (\\Flagged \\Answered)" % n)
        session.ask("CREATE Copied")
        yield "COPY, a fifth", self.asked(session, "COPY 1:%d Copied" % n, n)
        session.ask("DELETE Copied")
        session.close()

    def synced(self, is_tls):
        session, n = self.open("synced", is_tls), self.fifth
        for name in ("Copied", "Moved"):
            session.ask("CREATE " + name)
        session.ask("COPY 1:* Copied")
        session.ask("SELECT Copied")
        yield "MOVE", self.asked(session, "MOVE 1:* Moved", n)
        session.ask("SELECT Moved")
        session.ask("STORE 1:* +FLAGS.SILENT (\\Deleted)")
        yield "EXPUNGE", self.asked(session, "EXPUNGE", n)
        session.ask("SELECT INBOX")
        for name in ("Copied", "Moved"):
            session.ask("DELETE " + name)
        for connections, each in APPENDS.items():
            what = "APPEND" if connections == 1 else \
                "APPEND x %d" % connections
            session.ask("CREATE Added")
            yield what, self.timed(
                lambda k=connections, m=each: self.append(k, m, is_tls),
                connections * each)
            session.ask("DELETE Added")
        session.close()

    def append(self, connections, each, is_tls):
        """Letters, one a command, over this many connections."""
        failed = []

        def work(k):
            try:
                session = self.open("synced", is_tls, None)
                for i in range(each):
                    session.append("Added", [self.few[
                        (i * connections + k) % len(self.few)]])
                session.close()
            except (OSError, ValueError, EOFError) as fault:
                failed.append(fault)

        threads = [threading.Thread(target=work, args=(k,))
                   for k in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]

    def first(self, is_tls):
        """Of letters that came by LMTP and that nobody has looked at."""
        self.fresh += 1
        user = "fresh%d" % self.fresh
        n = min(FRESH, max(100, self.count // 25))
        self.server.add_user(user)
        name = self.server.imap_user(user)
        jobs = [([name], body) for body in letters(n, 1 + self.fresh)]
        load.Sender(self.server.lmtp, jobs[:1], lmtp=True).run(1)
        load.Sender(self.server.lmtp, jobs[1:], lmtp=True).run(4)
        load.wait_visible(self.server.pop3, {name: n})
        session = self.open(user, is_tls)
        yield "ENVELOPE, first ever", self.asked(
            session, "FETCH 1:* (ENVELOPE)", n, 100 * n)
        session.close()


# --- the table -------------------------------------------------------------

def told(what, side, work):
    """What work() makes, and who waits hears how long that took."""
    began = time.monotonic()
    made = work()
    print("%s: %s, %.0f s" % (what, side, time.monotonic() - began),
          file=sys.stderr, flush=True)
    return made


def measured(sides, rounds, is_tls):
    """{side: {row: [(n, rate, CPU, noise)]}}, each part in turn."""
    found = {side: collections.defaultdict(list) for side in sides}
    for i in range(rounds):
        for part in (Side.reading, Side.changing, Side.synced, Side.first):
            for side in sides:
                what = "%s%s, round %d of %d" % (
                    part.__name__, " over TLS" if is_tls else "", i + 1,
                    rounds)
                for row, figure in told(
                        what, side, lambda p=part, s=side: list(p(s, is_tls))):
                    found[side][row].append(figure)
    return found


def imap(hub, peer, rounds, count, table):
    """`table`: head(), show(), Aim and Figure of bench.py."""
    bodies = list(letters(count, 1))
    sides = [told("filled", server.name, lambda s=server: Side(s, bodies))
             for server in (peer, hub) if server]
    del bodies
    time.sleep(table.QUIET)
    for is_tls in (False, True):
        found = measured(sides, rounds, is_tls)
        table.head("IMAP%s, %d letters" % (
            " over TLS" if is_tls else "", count), "messages/s")
        for row in ROWS:
            theirs, ours = ([table.Figure(*figure[1:])
                             for figure in found[side][row.what]]
                            for side in (sides[0], sides[-1]))
            table.show(row.what, found[sides[-1]][row.what][0][0], ours,
                       theirs if len(sides) > 1 else [],
                       table.Aim(1 if is_tls else row.aim),
                       " [synced]" if row.is_synced else "")
