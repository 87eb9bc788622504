"""Sessions that idle: what hundreds of them cost over TLS, and how soon they
are told of a letter.

An office's devices hold a few sessions each, for hours.  What is counted is the
memory of all processes that came with them, PSS, after a rest; the time is from
connecting to hand in a letter by LMTP until all sessions of its mailbox have
word of it, one letter at a time.
"""

import os
import statistics
import time

import imap
import load
import meter
import servers

SESSIONS = 500          # of so many users, some devices each
LETTERS = 100           # in each mailbox, as it is opened
GONE = 75.0             # seconds: the hub keeps a mailbox's process for 60
REST = 150.0            # for the hub's to rest, and for their processes to go
TOLD = 50               # letters delivered one by one, ...
TOLD_SECONDS = 60       # ... or as many as were heard of in that time
SHARE = 1 / 10          # of the peer's memory
SOON_MS = 100

HEADS = ("before", "with them", "a session, KiB", "processes", "told after, ms")


class Idler(imap.Imap):
    """One session, its INBOX open, that waits for news."""

    def __init__(self, port, user):
        super().__init__(port, user, True)
        self.ask("SELECT INBOX")
        self.sock.sendall(b"i IDLE\r\n")
        self.until(b"+")

    def until(self, word):
        while word not in self.line():
            pass

    def end(self):
        self.sock.sendall(b"DONE\r\n")
        self.until(b"i OK")
        self.close()


def memory(server):
    pids = meter.tree(server.roots())
    return meter.pss_bytes(pids) / (1 << 20), len(pids)


def told(server, users, idlers):
    """How long each of some letters was on its way, in ms."""
    times, until = [], time.monotonic() + TOLD_SECONDS
    for i in range(TOLD):
        if time.monotonic() > until:
            break
        k = i % len(users)
        began = time.monotonic()
        load.Sender(server.lmtp, [([users[k]], load.letter(4096))],
                    lmtp=True).run(1)
        for idler in idlers[k::len(users)]:
            idler.until(b" EXISTS")
        times.append((time.monotonic() - began) * 1e3)
    return times


def fill(server, users):
    wanted = {user: load.look(server.pop3, user) + LETTERS for user in users}
    load.Sender(server.lmtp, [([user], load.letter(4096)) for user in users
                              for _ in range(LETTERS)], lmtp=True).run(4)
    load.wait_visible(server.pop3, wanted)


def once(server):
    users = server.users("mdbox")
    fill(server, users)
    time.sleep(GONE)
    before, _ = memory(server)
    idlers = [Idler(server.imaps, users[i % len(users)])
              for i in range(SESSIONS)]
    time.sleep(REST)
    after, processes = memory(server)
    times = told(server, users, idlers)
    for idler in idlers:
        idler.end()
    return before, after, processes, times


def idling(hub, peer):
    if os.getuid() != 0:
        print("\nIdle sessions: skipped, only root sees the memory of roles")
        return
    print("\n%d idle IMAP sessions over TLS, of %d users (memory: PSS, MiB)"
          % (SESSIONS, servers.USERS))
    print("%-24s%16s%16s%16s%16s%20s" % ("", *HEADS))
    costs, slowest = {}, {}
    for server in filter(None, (peer, hub)):
        before, after, processes, times = once(server)
        costs[server], slowest[server] = after - before, max(times)
        print("%-24s%16.1f%16.1f%16.1f%16d%20s" % (
            server.name, before, after, costs[server] * 1024 / SESSIONS,
            processes, "%.0f (%.0f-%.0f)" % (statistics.median(times),
                                             min(times), max(times))))
    met = slowest[hub] < SOON_MS and (
        peer is None or costs[hub] < costs[peer] * SHARE)
    print("%-24s%48s%36s   %s" % ("aim", "" if peer is None else
                                  "1/10 of Dovecot's", "under %d" % SOON_MS,
                                  "met" if met else "MISSED"))
