"""One sender sends what is made to take long, while others write to people.

Measured is what others wait for: from the end of a message to the reply, which
comes when every filter has looked at it.  They go on sending at the same pace
with the hostile sender and without, in turn.
"""

import base64
import io
import itertools
import os
import statistics
import threading
import time
import zipfile

import chain
import load
import mailbag

SECONDS = 15            # of each turn
OTHERS = 4              # sessions
PAUSE = 0.1             # between two messages of one of them
MEAN = 8192
AIM = 1.5
# is asked of every text, and goes back and forth on one
PATTERN = r"(x+x+)+y"
HEAD = (b"From: a@hostile.example\r\nTo: u1@office.test\r\n"
        b"Subject: hello\r\nMIME-Version: 1.0\r\n")


def bomb():
    """A zip of zeros: 64 MB in 64 kB."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(16):
            archive.writestr("%d.txt" % i, bytes(4 << 20))
    return HEAD + b"Content-Type: application/zip; name=\"a.zip\"\r\n" \
        b"Content-Transfer-Encoding: base64\r\n\r\n" + \
        base64.encodebytes(file.getvalue()).replace(b"\n", b"\r\n")


def parts(count):
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + \
        b"--b\r\n\r\nx\r\n" * count + b"--b--\r\n"


def nested(depth):
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i)
        for i in range(depth)) + b"\r\nx\r\n"


def links(count):
    return HEAD + b"Content-Type: text/html\r\n\r\n" + b"".join(
        b"<a href=http://h%d.example/%d>%d</a>\r\n" % (i, i, i)
        for i in range(count))


def backtracking():
    return HEAD + b"\r\n" + (b"x" * 900 + b"\r\n") * 200 + b"y\r\n"


def innocent():
    """As long as backtracking(): what the bytes alone cost the others."""
    return HEAD + b"\r\n" + (b"a word, " * 112 + b"ends\r\n") * 200 + b"y\r\n"


def kinds():
    return {"innocent": innocent(), "pattern": backtracking(), "10^5 parts": parts(10 ** 5),
            "nesting": nested(1000), "10^5 links": links(10 ** 5),
            "zip bomb": bomb()}


class Talk:
    """A session that waits for every reply."""

    def __init__(self, port):
        self.file = load.connect(port).makefile("rwb")
        self.read()
        self.say(b"EHLO c.example")

    def read(self):
        while True:
            line = self.file.readline()
            if not line:
                raise EOFError("the hub has closed the connection")
            if line[3:4] != b"-":
                return line

    def say(self, line):
        self.file.write(line + b"\r\n")
        self.file.flush()
        return self.read()

    def send(self, sender, message):
        """Seconds from its end to the reply."""
        self.say(b"MAIL FROM:<%s>" % sender)
        self.say(b"RCPT TO:<u1@office.test>")
        self.say(b"DATA")
        began = time.monotonic()
        reply = self.say(message + b".")
        if not reply[:1] in b"245":
            raise ValueError("%r" % reply)
        return time.monotonic() - began

    def close(self):
        self.file.close()


def others(port, until, messages, waited):
    talk = Talk(port)
    for message in itertools.cycle(messages):
        if time.monotonic() >= until:
            break
        waited.append(talk.send(b"a@sender.example", message))
        time.sleep(PAUSE)
    talk.close()


def attack(port, until, hostile, sent):
    while time.monotonic() < until:
        talk = Talk(port)
        talk.send(b"a@hostile.example", hostile)
        talk.close()
        sent.append(1)


def turn(port, messages, hostile):
    """(seconds that others waited, hostile messages that were answered)"""
    until = time.monotonic() + SECONDS
    waited, sent = [], []
    threads = [threading.Thread(target=others, args=(
        port, until, messages, waited)) for _ in range(OTHERS)]
    if hostile:
        threads.append(threading.Thread(target=attack, args=(
            port, until, hostile, sent)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return waited, len(sent)


def p99(waited):
    return sorted(waited)[int(len(waited) * 0.99)] * 1e3


class Hub(chain.Hub):
    def __init__(self, bin_folder, folder, given):
        super().__init__(bin_folder, folder, given)
        with open(os.path.join(self.folder, "bench-rules", "bench.rule"), "a",
                  encoding="utf-8") as file:
            file.write('rule "hostile" {\n\tbody /%s/\n'
                       '\tdo mark header "X-Hostile: 1"\n}\n' % PATTERN)


def hostile(bin_folder, folder, rounds):
    given = os.path.join(folder, "hostile")
    os.makedirs(given)
    os.chmod(given, 0o755)
    chain.signatures(given + "/signatures")
    chain.lessons(given)
    hub = Hub(bin_folder, given, given)
    messages = list(mailbag.written(100, 31, MEAN))
    print("\nHostile messages from one sender: what others wait for a reply, "
          "p99 in ms\n%-12s %8s %8s %8s %8s" % (
              "", "without", "with", "ratio", "sent"))
    hub.start()
    try:
        turn(hub.smtp, messages, None)
        for name, message in kinds().items():
            before, during, ratios, sent = [], [], [], 0
            for _ in range(rounds):
                before.append(p99(turn(hub.smtp, messages, None)[0]))
                waited, count = turn(hub.smtp, messages, message)
                during.append(p99(waited))
                ratios.append(during[-1] / before[-1])
                sent += count
            ratio = statistics.median(ratios)
            print("%-12s %8.1f %8.1f %7.2fx %8d   aim %.1fx: %s" % (
                name, statistics.median(before), statistics.median(during),
                ratio, sent, AIM, "met" if ratio <= AIM else "MISSED"),
                flush=True)
    finally:
        hub.stop()
