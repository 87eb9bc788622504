"""What the line was spared, and that what it carried is what a wire counted.

Each test has a hub of its own, as the line is the hub's.
"""

import socket
import threading
import time

from certs import HOST
from harness import DOMAIN, Fault, ImapSession, Session, letter, letters
from line import GUARD, Scene, carried, true


class Relay:
    """A wire: what comes goes to `port`, and each byte is counted."""

    def __init__(self, port):
        self.port = port
        self.received = self.sent = 0       # as the hub sees it
        self.connections = 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.open, self.threads = [], []
        self.begin(self.accept)

    def begin(self, function, *args):
        thread = threading.Thread(target=function, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def is_imap(self):
        return False

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self.port))
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            self.open += [near, far]
            for source, sink, name in ((near, far, "sent"),
                                       (far, near, "received")):
                self.begin(self.pump, source, sink, name)

    def pump(self, source, sink, name):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                with self.lock:
                    setattr(self, name, getattr(self, name) + len(data))
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        """Nobody may wait in what is closed: see dns.py."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join()          # none is opened any more
        for one in self.open:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass                    # the peer was first
        for thread in self.threads:
            thread.join()
        for one in (self.listener, *self.open):
            one.close()


class Wire:
    """Stands for a provider where a fetch account is added."""

    def __init__(self, provider, relay):
        self.provider = provider
        self.port = relay.listener.getsockname()[1]

    def is_imap(self):
        return self.provider.is_imap()


def saved(scene):
    """{cause: (bytes, messages)}"""
    return {row["cause"]: (row["received"], row["sent"])
            for row in scene.line("report") if row["what"] == "saved"}


def rules(scene, *each):
    words = ["fetch", "before", "ann@%s" % DOMAIN, "--label", "remote"]
    for rule in each:
        words += ["--rule", rule]
    status, text, complaints = scene.case.command(*words)
    if status != 0:
        raise Fault("fetch before: %s%s" % (text, complaints))


def once(args):
    """Left, put off and deleted: each message once, however often listed."""
    with Scene(args, {"fetch_minutes": "1440"}) as scene:
        sizes = (300, 70000, 80000, 90000, 200000)
        datas = [letter("spared-%d" % size, size) for size in sizes]
        scene.join(datas, "--largest", "150KiB")
        rules(scene, "size > 85K -> night", "size > 75K -> leave",
              "size > 65K -> delete")
        wires = [len(data) for data in datas]
        for _ in range(3):
            scene.case.now()
        Scene.until(lambda: len(saved(scene)) == 2, GUARD, "nothing is saved")
        head = datas[1].index(b"\r\n\r\n") + 4
        want = {"skipped": (wires[1] - head + wires[2] + wires[4], 3),
                "deferred": (wires[3], 1)}
        true(saved(scene) == want, saved(scene), "not", want)
        scene.place.hub.stop()
        scene.place.hub.start()
        scene.case.now()
        true(saved(scene) == want, saved(scene), "after a restart, not", want)
        row = scene.status()
        true([one for one in row["report"] if one["what"] == "saved"] ==
             [one for one in scene.line("report") if one["what"] == "saved"],
             row)
        text = scene.case.command("line", "status")[1]
        true("Spared this month: skipped" in text, text)
        month = time.strftime("%Y-%m")
        one, other = (scene.case.command("line", "report", *words)[1]
                      for words in ((month,), ("--month", month)))
        true(one == other and "skipped" in one, one, other)
        found = carried(scene.line("report"))
        true(found["mail"][0] < wires[0] + 4096, "carried:", found)


def never_wanted(args):
    """What an account leaves when it begins is spared, and so is no trial."""
    with Scene(args, {"fetch_minutes": "1440"}) as scene:
        datas = letters("never", 12, 4000)
        scene.join(datas[:10])
        scene.case.fetch("test")
        scene.case.command("fetch", "remove", "ann@%s" % DOMAIN, "--label",
                           "remote", "--yes")
        scene.case.add(scene.provider, take="--new")
        scene.case.now()
        Scene.until(lambda: saved(scene), GUARD, "nothing is saved")
        want = {"skipped": (sum(len(data) for data in datas[:10]), 10)}
        true(saved(scene) == want, saved(scene), "not", want)


def compressed(args):
    """COMPRESS=DEFLATE: as many bytes as both ends did not send."""
    raw = [0, 0]                # as the hub sees it: received, sent
    packed = [0, 0]

    class Packs(ImapSession):
        compress = True

        def push(self, data):
            is_packed = self.packer is not None
            before = self.sent_bytes
            super().push(data)
            if is_packed:
                raw[0] += len(data)
                packed[0] += self.sent_bytes - before

        def receive(self):
            seen, had = len(self.received), len(self.buffer)
            is_packed = self.unpacker is not None
            super().receive()
            if is_packed:
                raw[1] += len(self.buffer) - had
                packed[1] += len(self.received) - seen
    with Scene(args, {"fetch_minutes": "1440"}, Packs) as scene:
        datas = letters("packed", 40, 20000)
        scene.box = scene.case.imap_box(datas)
        scene.provider = scene.case.provider(Packs, scene.box)
        scene.case.add(scene.provider)
        scene.case.now()
        scene.case.here(datas)
        scene.provider.calm()
        Scene.until(lambda: saved(scene), GUARD, "nothing is saved")
        want = sum(raw) - sum(packed)
        found = saved(scene)["compressed"]
        # what stands behind the OK to COMPRESS, and the answer to LOGOUT
        true(abs(found[0] - want) <= 400, found, "not", want, raw, packed)
        true(found[0] > 300000, "they hardly shrink:", found)
        mail = carried(scene.line("report"))["mail"][0]
        true(mail < sum(len(data) for data in datas) * 0.6, "mail:", mail)


def tls(args):
    """With TLS its records and handshakes are counted, to the byte."""
    with Scene(args, {"fetch_minutes": "1440"}) as scene:
        datas = letters("tls", 30, 5000)
        box = scene.case.box(datas)
        provider = scene.case.provider(
            Session, box, tls=scene.case.certs.context("good"), implicit=True)
        relay = Relay(provider.port)
        try:
            scene.case.add(Wire(provider, relay), host=HOST, tls="implicit")
            for _ in range(3):
                scene.case.now()
            scene.case.here(datas)
            provider.calm()
            Scene.until(lambda: scene.line("report"), GUARD, "no report")
            found = carried(scene.line("report"))
            here = tuple(sum(one[i] for one in found.values())
                         for i in (0, 1))
            there = (relay.received, relay.sent)
            plain = sum(one.sent_bytes for one in provider.sessions)
            true(there[0] > plain, "that was not TLS")
            # a farewell of the server's may come when we have hung up
            for i, late in ((0, 32), (1, 0)):
                true(-late * relay.connections <= here[i] - there[i] <=
                     2 * relay.connections, "counted", here, "on the wire",
                     there, "in", relay.connections)
        finally:
            relay.close()


def fetched_again(args):
    """What breaks off, and what is here already, is no mail of its own."""
    class Breaks(Session):
        times = [0]

        def retr(self, number, mail):
            if number == 2 and not Breaks.times[0]:
                Breaks.times[0] = 1
                self.flush()
                self.push(b"+OK\r\n" + mail.wire[:40000])
                self.hang_up()
            super().retr(number, mail)
    with Scene(args, {"fetch_minutes": "1440"}, Breaks) as scene:
        datas = [letter("first", 2000), letter("broken", 60000)]
        scene.join(datas)
        scene.case.now("*")
        scene.case.now()
        scene.case.here(datas)
        Scene.until(lambda: "mail" in carried(scene.line("report")), GUARD,
                    "no report")
        found = carried(scene.line("report"))
        true("refetched" in found, found)
        true(36000 < found["refetched"][0] <= 40000, found)


def twice(args):
    """One copy for each recipient: the one nobody needs is no mail."""
    with Scene(args, {"fetch_minutes": "1440"}) as scene:
        own, other = ("%s@%s" % (name, DOMAIN) for name in ("ann", "bob"))
        status, text, complaints = scene.case.command(
            "account", "add", other, "--password-file", scene.place.secret)
        true(status == 0, text, complaints)
        data = letter("twice", 30000).replace(
            b"To: office", b"To: %s, %s" % (own.encode(), other.encode()), 1)
        copies = [b"Received: by relay%d.example\r\n" % i + data
                  for i in range(2)]
        scene.box = scene.case.box(copies)
        scene.provider = scene.case.provider(Session, scene.box)
        words = scene.case.add_words(scene.provider)
        words[1:3] = ["add-domain", DOMAIN, "--owner", own]
        status, text, complaints = scene.case.command(*words)
        true(status == 0, text, complaints)
        row = scene.case.now()
        Scene.until(lambda: "mail" in carried(scene.line("report")), GUARD,
                    "no report")
        found = carried(scene.line("report"))
        true(row["taken"] == 2 and row["held"] == 0, row)
        size = len(copies[0])
        true(size <= found["duplicates"][0] < size + 100, found, "of", size)
        true(size <= found["mail"][0] < size + 4096, found, "of", size)


def tests(_args):
    for name, function in (
            ("what-is-spared-is-counted-once", once),
            ("what-is-never-wanted-is-spared", never_wanted),
            ("what-compressing-saves", compressed),
            ("tls-is-counted-as-the-wire-has-it", tls),
            ("what-is-fetched-again-is-no-mail", fetched_again),
            ("copies-that-nobody-needs-are-no-mail", twice)):
        yield ("saving/" + name, lambda function=function: function(_args))
