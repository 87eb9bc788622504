"""What a mail program saves is there when it was said, or not at all.

Two programs save letters in one mailbox, small ones and such as have a file of
their own, one by one and several in one command, while a role, or the whole
hub, is killed again and again.
"""

import imaplib
import random
import re
import ssl
import threading
import time

from hub import DOMAIN, GUARD, PASSWORD, Fault, Hub

ROLES = ("mailbox", "queue", "hub")
SIZES = (300, 90000, 140000, 250000, 600000)


def letter(number, size):
    """A letter that knows its number; the same for the same number."""
    head = "Subject: letter %d\r\n\r\n" % number
    line = "%d is the number of this letter\r\n" % number
    return (head + line * (size // len(line) + 1)).encode()


def log_in(hub):
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    box = imaplib.IMAP4_SSL("127.0.0.1", hub.base + 993,
                            ssl_context=context, timeout=GUARD)
    box.login("ann@" + DOMAIN, PASSWORD)
    return box


class Saver(threading.Thread):
    """Saves letters, and notes of each what it was told."""

    def __init__(self, hub, first, seed):
        super().__init__()
        self.hub = hub
        self.next = first
        self.rng = random.Random(seed)
        self.sizes = {}         # of each letter
        self.told = {}          # number -> "kept", "refused", "unknown"
        self.ending = False
        self.fault = None

    def kept(self):
        return sum(word == "kept" for word in list(self.told.values()))

    def take(self):
        """A new letter's number."""
        number, self.next = self.next, self.next + 1
        self.sizes[number] = self.rng.choice(SIZES)
        return number

    def save(self, box):
        """One letter, or three in one command (RFC 3502)."""
        numbers = [self.take()
                   for _ in range(3 if self.rng.random() < 0.3 else 1)]
        self.told.update(dict.fromkeys(numbers, "unknown"))
        word = "refused"
        tag = b"m%d" % numbers[0]
        box.send(tag + b" APPEND INBOX")
        for number in numbers:
            data = letter(number, self.sizes[number])
            box.send(b" {%d}\r\n" % len(data))
            line = box.readline()
            if not line.startswith(b"+"):
                break
            box.send(data)
        else:
            box.send(b"\r\n")
            line = box.readline()
        while line.startswith(b"* ") and not line.startswith(b"* BYE"):
            line = box.readline()
        if line.startswith(tag + b" OK"):
            word = "kept"
        elif not line.startswith(tag + b" NO"):
            word = "unknown"
        self.told.update(dict.fromkeys(numbers, word))
        if word == "unknown":
            raise ConnectionError(line)

    def run(self):
        try:
            while not self.ending:
                try:
                    box = log_in(self.hub)
                    while not self.ending:
                        self.save(box)
                    box.logout()
                except (OSError, imaplib.IMAP4.error):
                    time.sleep(0.05)    # the hub is just being hurt
        except BaseException as fault:  # told by the test
            self.fault = fault


def read_one(box, place):
    """Its bytes, or None: a queue that has just begun gives no file yet."""
    word, data = box.fetch(str(place), "(BODY.PEEK[])")
    return data[0][1] if word == "OK" else None


def read_all(hub):
    """{number: how often}; every letter there is must be whole."""
    box = log_in(hub)
    count = int(box.select("INBOX", readonly=True)[1][0])
    found = {}
    for place in range(1, count + 1):
        data = hub.wait_for(lambda p=place: read_one(box, p),
                            "letter %d is not given" % place)
        number = int(re.match(rb"Subject: letter (\d+)\r\n", data).group(1))
        if data not in [letter(number, size) for size in SIZES]:
            raise Fault("letter %d has other bytes" % number)
        found[number] = found.get(number, 0) + 1
    box.logout()
    return found


def compare(hub, savers):
    found = read_all(hub)
    for saver in savers:
        for number, word in saver.told.items():
            count = found.pop(number, 0)
            if count > 1 or (word == "kept" and count == 0) or \
                    (word == "refused" and count > 0):
                raise Fault("letter %d was %s, and is there %d times"
                            % (number, word, count))
    if found:
        raise Fault("nobody saved %s" % sorted(found))


def hurt(hub, role):
    if role != "hub":
        hub.kill_role(role)
        return
    hub.kill()
    hub.start()


def saving(context, role, seed, kills):
    rng = random.Random(seed)
    hub = Hub(context.bin, ("ann",))
    savers = []
    try:
        hub.start()
        savers = [Saver(hub, 10000 * i, seed + i) for i in (1, 2)]
        for saver in savers:
            saver.start()
        for _ in range(kills):
            before = [saver.kept() for saver in savers]
            hub.wait_for(lambda b=before: all(
                saver.kept() > was for saver, was in zip(savers, b)),
                "nothing is saved")
            time.sleep(rng.uniform(0.0, 0.2))
            hurt(hub, role)
        for saver in savers:
            saver.ending = True
        for saver in savers:
            saver.join(GUARD)
            if saver.fault or saver.is_alive():
                raise Fault("a program broke off: %r" % saver.fault)
        context.note([saver.told for saver in savers])
        compare(hub, savers)
        hub.stop()
        hub.check()
        hub.start()
        compare(hub, savers)
    except BaseException:
        context.keep(hub)
        raise
    finally:
        for saver in savers:
            saver.ending = True
        hub.remove()


def tests(context):
    for seed in range(context.seed, context.seed + (10 if context.long
                                                    else 1)):
        for role in ROLES:
            yield ("saving/%s/%d" % (role, seed), lambda role=role, seed=seed:
                   saving(context, role, seed, 12 if context.long else 4))
