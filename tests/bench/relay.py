"""Mail that leaves: handed in over SMTP, gone when another host has it.

Both have one smtp-sink as the host that takes all, and as many connections to it
as the client has to them.  What slow hosts cost others is measured with the hub
alone, as mail of two kinds for hosts that a name server leads to: one that answers
at once, and one that takes its time over every message.
"""

import base64
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time

import keys
import load
import meter
import servers

MESSAGES = 4000
SIZE = 4096
SESSIONS = 20
SINK = "smtp-sink"
GUARD = 240.0           # seconds until all are there
SLOW_MESSAGES = 10000
SLOW_DOMAINS = 1000
SLOW_SECONDS = 20       # that their host takes for each
FAST_DOMAINS = 10
FAST_RATE = 20          # messages a second
SECONDS = 20            # of them
SLOW_AIM = 1.5
A = 1
SUBMISSION = 587

# one account sends all of it
UNBOUND = dict.fromkeys(("send_messages_per_hour", "send_messages_per_day",
                         "send_recipients_per_hour",
                         "send_recipients_per_day"), "1000000")
UNBOUND["clear_logins"] = "yes"
UNBOUND["line_windows"] = ""    # what leaves does not wait for the line

MAIN_CF = """
relayhost = [127.0.0.1]:%d
default_destination_concurrency_limit = %d
initial_destination_concurrency = %d
in_flow_delay = 0
"""


def letter(subject=b"fixed size"):
    """One that u1 may send."""
    return load.letter(SIZE).replace(
        b"a@sender.example", b"u1@office.test", 1).replace(
        b"fixed size", subject, 1)


class Names(keys.Keys):
    """*.fast.test is 127.0.0.1, *.slow.test 127.0.0.2; no domain has an MX."""

    def answer(self, question):
        at, labels = 12, []
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]])
            at += 1 + question[at]
        kind, = struct.unpack(">H", question[at + 1:at + 3])
        hosts = {b"fast": "127.0.0.1", b"slow": "127.0.0.2"}
        host = hosts.get(labels[-2].lower()) if len(labels) > 2 else None
        rows = 1 if host and kind == A else 0
        head = question[:2] + struct.pack(
            ">HHHHH", 0x8180 if host else 0x8183, 1, rows, 0, 0) + \
            question[12:at + 5]
        return head + (b"\xc0\x0c" + struct.pack(">HHIH", A, 1, 3600, 4) +
                       socket.inet_aton(host) if rows else b"")


class Sink:
    """smtp-sink; it says itself how many it has taken."""

    def __init__(self, address, port, *words):
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self.taken = 0
        self.process = subprocess.Popen(
            [SINK, "-c", *user, *words, "%s:%d" % (address, port), "1000"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        said = b""
        while data := os.read(self.process.stdout.fileno(), 65536):
            said = (said + data)[-200:]
            for count in re.findall(rb"mesg=(\d+)\r", said)[-1:]:
                self.taken = int(count)

    def wait(self, count):
        until = time.monotonic() + GUARD
        while self.taken < count:
            if time.monotonic() > until:
                raise TimeoutError("%d of %d have left" % (self.taken, count))
            time.sleep(0.005)
        if self.taken > count:
            raise ValueError("%d have left, not %d" % (self.taken, count))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()


class Hub(servers.Hub):
    names = Names

    def __init__(self, bin_folder, folder, settings):
        super().__init__(bin_folder, folder)
        self.submission = self.smtp - 25 + SUBMISSION
        with open(self.conf, encoding="utf-8") as file:
            text = file.read()
        for name, value in {**UNBOUND, **settings}.items():
            text, count = re.subn(r"(?m)^%s = .*$" % name,
                                  '%s = "%s"' % (name, value), text)
            if count == 0:
                text += '%s = "%s"\n' % (name, value)
        servers.write(self.conf, text)

    def sender(self, jobs):
        user = self.users()[0].encode()
        sender = load.Sender(self.submission, jobs)
        sender.address = user
        sender.login = b"AUTH PLAIN " + base64.b64encode(
            b"\0" + user + b"\0" + servers.PASSWORD.encode()) + b"\r\n"
        return sender


class Peer(servers.Peer):
    name = "Postfix"

    def __init__(self, folder, tls, port):
        super().__init__(folder, tls)
        with open(self.folder + "/postfix/main.cf", "a",
                  encoding="ascii") as file:
            file.write(MAIN_CF % (port, SESSIONS, SESSIONS))

    def sender(self, jobs):
        return load.Sender(self.smtp, jobs)


def leave(server, sink, bench):
    body = letter()
    sender = server.sender([(["u%d@far.example" % (i % 50)], body)
                            for i in range(MESSAGES)])
    before = sink.taken
    os.sync()
    with meter.Meter(server.roots()) as cost:
        sender.run(SESSIONS)
        sink.wait(before + MESSAGES)
        cost.lap()
        time.sleep(bench.QUIET)
    sink.wait(before + MESSAGES)
    return bench.Figure(MESSAGES / cost.seconds, cost.cpu * 1e3 / MESSAGES,
                        cost.noise)


def beside(bin_folder, folder, with_peer, rounds, bench):
    port, = servers.free_ports(1)
    hub = Hub(bin_folder, folder, {
        "smarthost": "127.0.0.1:%d" % port, "smarthost_tls": "none",
        "outbound_per_host": str(SESSIONS),
        "outbound_connections": str(2 * SESSIONS)})
    peer = Peer(folder, hub.tls, port) if with_peer else None
    running = [server for server in (peer, hub) if server]
    ours, theirs = [], []
    sink = Sink("127.0.0.1", port)
    try:
        for server in running:
            server.start()
        for _ in range(rounds):
            if peer:
                theirs.append(leave(peer, sink, bench))
            ours.append(leave(hub, sink, bench))
    finally:
        for server in running:
            server.stop()
        sink.stop()
    bench.head("Relaying, until smtp-sink has all", "messages/s")
    bench.show("%d KiB, %d sessions" % (SIZE >> 10, SESSIONS), MESSAGES, ours,
               theirs, bench.Aim(5))


class Quick:
    """The host that answers at once; when it got each subject."""

    def __init__(self, port):
        self.got = {}
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(peer,),
                             daemon=True).start()

    def serve(self, peer):
        file = peer.makefile("rb")
        peer.sendall(b"220 fast\r\n")
        while line := file.readline():
            if not line.upper().startswith(b"DATA"):
                peer.sendall(b"250 ok\r\n")
                continue
            peer.sendall(b"354 go\r\n")
            subject = None
            while (line := file.readline()) not in (b".\r\n", b""):
                if line.startswith(b"Subject: "):
                    subject = int(line.split()[1])
            self.got[subject] = time.monotonic()
            peer.sendall(b"250 ok\r\n")

    def stop(self):
        self.listener.close()


def steady(hub, host, numbers):
    """Seconds from the hub's word for each to the host's having it."""
    talk = Talk(hub)
    said = {}
    began = time.monotonic()
    for i in range(SECONDS * FAST_RATE):
        time.sleep(max(0.0, began + i / FAST_RATE - time.monotonic()))
        number = next(numbers)
        talk.send(b"u@d%d.fast.test" % (i % FAST_DOMAINS),
                  letter(b"%d" % number))
        said[number] = time.monotonic()
    until = time.monotonic() + GUARD
    while not said.keys() <= host.got.keys():
        if time.monotonic() > until:
            raise TimeoutError("what is quick does not leave")
        time.sleep(0.05)
    talk.close()
    return sorted(host.got[number] - when for number, when in said.items())


class Talk:
    """One session that waits for each word."""

    def __init__(self, hub):
        self.file = load.connect(hub.submission).makefile("rwb")
        sender = hub.sender([])
        self.address = sender.address
        self.read()
        self.say(sender.hello)
        self.say(sender.login)

    def read(self):
        while (line := self.file.readline())[3:4] == b"-":
            pass
        if line[:1] not in (b"2", b"3"):
            raise ValueError("the hub said %r" % line)

    def say(self, words):
        self.file.write(words)
        self.file.flush()
        self.read()

    def send(self, to, message):
        self.say(b"MAIL FROM:<%s>\r\n" % self.address)
        self.say(b"RCPT TO:<%s>\r\n" % to)
        self.say(b"DATA\r\n")
        self.say(message + b".\r\n")

    def close(self):
        self.say(b"QUIT\r\n")
        self.file.close()


def p95(seconds):
    return seconds[int(len(seconds) * 0.95)] * 1e3


def slowed(bin_folder, folder):
    port, = servers.free_ports(1)
    hub = Hub(bin_folder, folder, {
        "outbound_direct": "yes", "outbound_port": str(port)})
    host, sink = Quick(port), Sink("127.0.0.2", port, "-w", str(SLOW_SECONDS))
    numbers = iter(range(1 << 30))
    body = letter()
    try:
        hub.start()
        steady(hub, host, numbers)
        alone = steady(hub, host, numbers)
        hub.sender([(["u@d%d.slow.test" % (i % SLOW_DOMAINS)], body)
                    for i in range(SLOW_MESSAGES)]).run(SESSIONS)
        beside_slow = steady(hub, host, numbers)
        left = sink.taken
    finally:
        hub.stop()
        host.stop()
        sink.stop()
    if left > SLOW_MESSAGES / 2:
        raise ValueError("%d of the slow ones have left already" % left)
    ratio = p95(beside_slow) / p95(alone)
    print("\n%d messages wait for %d slow domains: others are sent after, "
          "p95 in ms\n%8.1f without, %8.1f with: %.2fx   aim %.1fx: %s" % (
              SLOW_MESSAGES, SLOW_DOMAINS, p95(alone), p95(beside_slow), ratio,
              SLOW_AIM, "met" if ratio <= SLOW_AIM else "MISSED"), flush=True)


def relay(bin_folder, folder, with_peer, rounds, bench):
    if shutil.which(SINK) is None:
        print("\nRelaying: skipped, no " + SINK)
        return
    for name in ("relay", "slow"):
        os.makedirs(os.path.join(folder, name))
        os.chmod(os.path.join(folder, name), 0o755)
    beside(bin_folder, os.path.join(folder, "relay"), with_peer, rounds, bench)
    slowed(bin_folder, os.path.join(folder, "slow"))
