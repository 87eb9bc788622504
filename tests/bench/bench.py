#!/usr/bin/env python3
"""The hub beside Postfix and Dovecot: the same clients, disk and minutes.

usage: bench.py --bin DIR --folder DIR [--alone WHY] [--rounds N]
                [--only WORD] [--letters N]

A row is N rounds, the two servers in turn in each, and shows medians with the
least and the most in brackets.  Every rate is of mail that a fresh POP3 login
has shown, all of it and once only: anything else ends the run.  CPU is that of
all processes of a server, the ended ones included, until QUIET seconds after
the last letter was seen, so that work put off is paid for as well.
"""

import argparse
import collections
import functools
import os
import statistics
import sys
import threading
import time

import chain
import collect
import hostile
import idling
import imap
import load
import meter
import patterns
import relay
import servers

QUIET = 6.0             # the hub settles deliveries every 5 s
MAILBOX = 5000          # letters, of MEAN bytes, in the mailbox read by POP3
MEAN = 6144
PIPELINE = 50           # RETR commands sent at once
SMALL = 100             # letters in the mailbox that is only logged in to
LOOKS = 20
LOGINS = 300

# rate and CPU: the peer's figure times this, and this share of it
Aim = collections.namedtuple("Aim", "rate cpu", defaults=(None, None))
Row = collections.namedtuple("Row", "what n size sessions recipients aim")
Figure = collections.namedtuple("Figure", "rate cpu_ms noise")

SMTP_ROWS = (
    Row("4 KiB, 20 sessions", 4000, 4096, 20, 1, Aim(10, 1 / 6)),
    Row("4 KiB, 1 session", 1000, 4096, 1, 1, Aim(4)),
    Row("4 KiB, 10 recipients", 1000, 4096, 20, 10, Aim(15)),
    Row("200 KiB, 10 recipients", 300, 204800, 20, 10, Aim(30)),
)
POP3_AIMS = {"RETR, pipelined": Aim(1)}


# --- one measurement -----------------------------------------------------

def receive(server, users, row, quiet):
    """Messages a second, from the first connection until all are visible."""
    jobs, wanted = [], {user: load.look(server.pop3, user) for user in users}
    body = load.letter(row.size)
    for i in range(row.n):
        first = i * row.recipients
        names = [users[(first + k) % len(users)]
                 for k in range(row.recipients)]
        jobs.append((names, body))
        for name in names:
            wanted[name] += 1
    sender = load.Sender(server.smtp, jobs)
    os.sync()
    with meter.Meter(server.roots()) as cost:
        sender.run(row.sessions)
        load.wait_visible(server.pop3, wanted)
        cost.lap()
        time.sleep(quiet)
    return Figure(row.n / cost.seconds, cost.cpu * 1e3 / row.n, cost.noise)


def fill(server, user, messages):
    """A mailbox for reading, by LMTP."""
    load.Sender(server.lmtp, [([user], text) for text in messages],
                lmtp=True).run(4)
    load.wait_visible(server.pop3, {user: len(messages)})


def timed(server, n, work):
    with meter.Meter(server.roots()) as cost:
        work()
    return Figure(n / cost.seconds, cost.cpu * 1e3 / n, cost.noise)


def read(server, size):
    """{row: figure} of one reading of the big mailbox of `size` bytes."""
    found, pops = {}, []

    def whole(got):
        if got < size:
            raise ValueError("%d bytes of %d came" % (got, size))

    def login():
        pop = load.Pop(server.pop3, server.big())
        if pop.count() != MAILBOX:
            raise ValueError("letters are missing")
        pops.append(pop)

    def logins(count):
        for _ in range(count):
            load.look(server.pop3, server.small())

    def together(connections):
        threads = [threading.Thread(target=logins,
                                    args=(LOGINS // connections,))
                   for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    found["LOGIN and STAT"] = timed(
        server, LOOKS, lambda: [login() for _ in range(LOOKS)])
    pop = pops[0]
    found["UIDL"] = timed(
        server, LOOKS, lambda: [x.ask("UIDL") for x in pops])
    for other in pops[1:]:
        other.close()
    every = ["RETR %d" % i for i in range(1, MAILBOX + 1)]
    found["RETR, one by one"] = timed(
        server, MAILBOX, lambda: whole(sum(pop.ask(x) for x in every)))
    found["RETR, pipelined"] = timed(
        server, MAILBOX, lambda: whole(sum(
            pop.ask(*every[i:i + PIPELINE])
            for i in range(0, MAILBOX, PIPELINE))))
    pop.close()
    for connections in (1, 10):
        found["login, STAT, QUIT x %d" % connections] = timed(
            server, LOGINS, lambda k=connections: together(k))
    return found


# --- the table -----------------------------------------------------------

def middle(figures):
    rates = [figure.rate for figure in figures]
    return (statistics.median(rates), min(rates), max(rates),
            statistics.median(figure.cpu_ms for figure in figures))


def number(x):
    return "%.0f" % x if x >= 100 else "%.3g" % x


def cell(figures):
    if not figures:
        return "%24s %7s" % ("skipped", "")
    rate, least, most, cpu = middle(figures)
    return "%24s %7s" % ("%s (%s-%s)" % (
        number(rate), number(least), number(most)), number(cpu))


def verdict(ours, theirs, aim):
    """The ratio, and what was wanted of it."""
    if not theirs:
        return ""
    our, their = middle(ours), middle(theirs)
    words = "%sx" % number(our[0] / their[0])
    if our[3] > 0 and their[3] > 0:
        words += ", CPU 1/%s" % number(their[3] / our[3])
    met = []
    if aim.rate:
        met.append(our[0] >= aim.rate * their[0])
        words += "; aim %gx" % aim.rate
    if aim.cpu:
        met.append(our[3] <= aim.cpu * their[3])
        words += ", CPU 1/%g" % (1 / aim.cpu)
    if met:
        words += ": met" if all(met) else ": MISSED"
    return words


def head(title, unit):
    print("\n%s (%s)" % (title, unit))
    print("%-24s %5s %24s %7s %24s %7s  %s" % (
        "", "n", "Postfix+Dovecot", "CPU ms", "Postroom", "CPU ms", "ratio"))


def show(what, n, ours, theirs, aim=Aim(), note=""):
    noise = statistics.median(x.noise for x in ours + theirs)
    print("%-24s %5d %s %s  %s%s" % (
        what, n, cell(theirs), cell(ours), verdict(ours, theirs, aim), note)
        + (" (disturbed: %.1f CPUs)" % noise if noise > 0.5 else ""),
        flush=True)


# --- the jobs ------------------------------------------------------------

def smtp(hub, peer, rounds):
    head("SMTP until visible by POP3", "messages/s")
    for row in SMTP_ROWS:
        layout, ours, theirs = None, [], []
        if peer:
            rates = {name: receive(peer, peer.users(name), row, 0).rate
                     for name in servers.LAYOUTS}
            layout = max(rates, key=rates.get)
        for _ in range(rounds):
            if peer:
                theirs.append(receive(peer, peer.users(layout), row, QUIET))
            ours.append(receive(hub, hub.users(), row, QUIET))
        show(row.what, row.n, ours, theirs, row.aim,
             " [%s]" % layout if layout else "")


def pop3(hub, peer, rounds):
    messages = list(load.letters(MAILBOX, MEAN))
    size = sum(map(len, messages))
    both = [server for server in (peer, hub) if server]
    found = {server: [] for server in both}
    for server in both:
        fill(server, server.big(), messages)
        fill(server, server.small(), messages[:SMALL])
    time.sleep(QUIET)
    for _ in range(rounds):
        for server in both:
            found[server].append(read(server, size))
    head("POP3, %d letters, %d MB" % (MAILBOX, size / 1e6), "a second")
    for what in found[hub][0]:
        figures = {server: [x[what] for x in found[server]]
                   for server in both}
        n = MAILBOX if "RETR" in what else \
            LOGINS if "QUIT" in what else LOOKS
        show(what, n, figures[hub], figures.get(peer, []),
             POP3_AIMS.get(what, Aim()))


def idle(hub, peer, rounds):
    """Each server is stopped and started, and is left alone for a while."""
    if os.getuid() != 0:
        print("\nStart and rest: skipped, only root sees the memory of roles")
        return
    print("\nStart and rest")
    print("%-24s %24s %24s %10s" % (
        "", "until both greet, ms", "PSS at rest, MiB", "processes"))
    for server in filter(None, (peer, hub)):
        starts, sizes, counts = [], [], []
        for _ in range(rounds):
            server.stop()
            starts.append(server.start() * 1e3)
            time.sleep(2)
            pids = meter.tree(server.roots())
            sizes.append(meter.pss_bytes(pids) / (1 << 20))
            counts.append(len(pids))
        print("%-24s %24s %24s %10d" % (server.name, *[
            "%.0f (%.0f-%.0f)" % (statistics.median(x), min(x), max(x))
            for x in (starts, sizes)], statistics.median(counts)))
    met = statistics.median(starts) < 300 and statistics.median(sizes) < 40
    print("%-24s %24s %24s   %s" % ("aim", "under 300", "under 40",
                                    "met" if met else "MISSED"))


def limits(folder):
    micros = meter.sync_micros(folder)
    print("This disk: 4 KiB into a preallocated file + fdatasync %.0f us "
          "(%.0f/s);\n20 writers with group commit %.0f/s; "
          "new files of 200 KiB, each synced, %.0f/s"
          % (micros, 1e6 / micros, meter.group_commit_rate(folder),
             meter.file_rate(folder, 200 << 10)))


def collecting(hub, peer, rounds):
    collect.collect(hub, peer, rounds, sys.modules[__name__])


def imaping(hub, peer, rounds, letters):
    imap.imap(hub, peer, rounds, letters, sys.modules[__name__])


def sessions(hub, peer, _rounds):
    idling.idling(hub, peer)


def filters(hub, peer, rounds):
    """With servers of its own, so that the others rest."""
    chain.chain(hub.bin, os.path.dirname(hub.folder), peer is not None,
                rounds, sys.modules[__name__])


def besieged(hub, _peer, rounds):
    hostile.hostile(hub.bin, os.path.dirname(hub.folder), rounds)


def relaying(hub, peer, rounds):
    """With servers of its own, so that the others rest."""
    relay.relay(hub.bin, os.path.dirname(hub.folder), peer is not None,
                rounds, sys.modules[__name__])


def matching(hub, _peer, _rounds):
    patterns.patterns(hub.bin)


JOBS = {"smtp": smtp, "pop3": pop3, "imap": imaping, "collect": collecting,
        "idling": sessions, "idle": idle, "patterns": matching,
        "chain": filters, "hostile": besieged, "relay": relaying}


def bench(args, running):
    why = args.alone or servers.Peer.missing()
    limits(args.folder)
    hub, peer = servers.Hub(args.bin, args.folder), None
    if why:
        print("Postfix+Dovecot: skipped, " + why)
    else:
        peer = servers.Peer(args.folder, hub.tls)
        os.chmod(args.folder, 0o755)
    for server in filter(None, (peer, hub)):
        running.append(server)
        server.start()
    jobs = dict(JOBS, imap=functools.partial(imaping, letters=args.letters))
    for name, job in jobs.items():
        if args.only in (None, name):
            job(hub, peer, args.rounds)


def main():
    parser = argparse.ArgumentParser(description="see the head of the file")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--alone", metavar="WHY")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=JOBS)
    parser.add_argument("--letters", type=int, default=50000,
                        help="in the mailbox that IMAP is measured on")
    args, running = parser.parse_args(), []
    try:
        bench(args, running)
    finally:
        for server in running:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
