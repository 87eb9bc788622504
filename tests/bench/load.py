"""The clients: one loop that sends mail over many sessions, and a POP3 reader
that counts what it gets without taking it apart.
"""

import operator
import random
import selectors
import socket
import time

SESSION_MESSAGES = 100      # then a session says QUIT and another opens
GUARD = 180.0               # seconds without a word; nothing honest is near it
POLL = 0.05                 # seconds between two looks into a mailbox
END = b"\r\n.\r\n"


def letter(size):
    """One plain message of this many bytes, no line begins with a dot."""
    head = (b"From: a@sender.example\r\nTo: u1@office.test\r\n"
            b"Subject: fixed size\r\nMessage-ID: <fixed@sender.example>\r\n"
            b"Date: Mon, 01 Jan 2024 00:00:00 +0000\r\n\r\n")
    line = (b"The quick brown fox jumps over the lazy dog and keeps on "
            b"running.\r\n")
    body = line * (size // len(line) + 1)
    body = body[:size - len(head) - 2].rstrip(b"\r\n")
    return head + body.ljust(size - len(head) - 2, b"x") + b"\r\n"


def letters(count, mean):
    """Messages as mail is: many small, some large, the same every time."""
    chance = random.Random(1)
    for _ in range(count):
        size = chance.lognormvariate(0, 0.9) * mean * 0.667
        yield letter(int(min(max(size, 400), 40 * mean)))


def connect(port):
    sock = socket.create_connection(("127.0.0.1", port), GUARD)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


# --- sending -------------------------------------------------------------

class Session:
    """One SMTP or LMTP connection; talk() yields what to say and how many
    replies to wait for."""

    def __init__(self, sender):
        self.sender = sender
        self.sock = connect(sender.port)
        self.sock.setblocking(False)
        self.rest = b""             # of a line that has not ended
        self.unsent = memoryview(b"")
        self.steps = self.talk()
        _, self.awaited = next(self.steps)
        sender.selector.register(self.sock, selectors.EVENT_READ, self)

    def talk(self):
        yield b"", 1
        yield self.sender.hello, 1
        if self.sender.login:
            yield self.sender.login, 1
        for _ in range(SESSION_MESSAGES):
            job = next(self.sender.jobs, None)
            if job is None:
                break
            recipients, body = job
            envelope = b"MAIL FROM:<%s>\r\n" % self.sender.address + b"".join(
                b"RCPT TO:<%s>\r\n" % name.encode() for name in recipients)
            yield envelope + b"DATA\r\n", len(recipients) + 2
            yield body, len(recipients) if self.sender.lmtp else 1
        yield b"QUIT\r\n", 1

    def write(self):
        try:
            self.unsent = self.unsent[self.sock.send(self.unsent):]
        except BlockingIOError:
            pass
        events = selectors.EVENT_READ
        if self.unsent:
            events |= selectors.EVENT_WRITE
        self.sender.selector.modify(self.sock, events, self)

    def read(self):
        """False when the conversation is over."""
        data = self.sock.recv(65536)
        if not data:
            raise EOFError("the server hung up")
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            if line[:1] not in b"23":
                raise ValueError("the server said " + repr(line))
            self.awaited -= line[3:4] != b"-"
        if self.awaited:
            return True
        step = next(self.steps, None)
        if step is None:
            return False
        self.unsent, self.awaited = memoryview(step[0]), step[1]
        self.write()
        return True


class Sender:
    """Sends jobs, each (recipients, message), over several sessions."""

    login, address = None, b"a@sender.example"

    def __init__(self, port, jobs, lmtp=False):
        self.port, self.lmtp = port, lmtp
        self.hello = b"LHLO c.example\r\n" if lmtp else b"EHLO c.example\r\n"
        self.jobs = iter([(to, text + b".\r\n") for to, text in jobs])
        self.messages = operator.length_hint(self.jobs)
        self.selector = selectors.DefaultSelector()

    def run(self, sessions):
        for _ in range(min(sessions, self.messages)):
            Session(self)
        while self.selector.get_map():
            ready = self.selector.select(GUARD)
            if not ready:
                raise TimeoutError("the server is silent")
            for key, events in ready:
                if events & selectors.EVENT_WRITE:
                    key.data.write()
                if events & selectors.EVENT_READ and not key.data.read():
                    self.selector.unregister(key.data.sock)
                    key.data.sock.close()
                    if operator.length_hint(self.jobs):
                        Session(self)


# --- reading -------------------------------------------------------------

class Pop:
    """One POP3 session, logged in."""

    def __init__(self, port, user, password="secret"):
        self.sock, self.rest = connect(port), b""
        self.ok()
        self.say("USER " + user)
        self.say("PASS " + password)

    def ok(self):
        while b"\r\n" not in self.rest:
            data = self.sock.recv(65536)
            if not data:
                raise EOFError("the server hung up")
            self.rest += data
        line, self.rest = self.rest.split(b"\r\n", 1)
        if not line.startswith(b"+OK"):
            raise ValueError("the server said " + repr(line))
        return line

    def say(self, words):
        self.sock.sendall(words.encode() + b"\r\n")
        return self.ok()

    def count(self):
        return int(self.say("STAT").split()[1])

    def drain(self, answers):
        """Bytes of this many answers of several lines."""
        got, data = len(self.rest), self.rest
        while True:
            answers -= data.count(END)
            if answers <= 0:
                break
            tail = data[-len(END) + 1:]
            more = self.sock.recv(1 << 18)
            if not more:
                raise EOFError("the server hung up")
            got += len(more)
            data = tail + more
        self.rest = b""
        if answers < 0 or not data.endswith(END):
            raise ValueError("more answers than questions")
        return got

    def ask(self, *lines):
        """Bytes of the answers, of several lines each, to these lines."""
        self.sock.sendall("".join(x + "\r\n" for x in lines).encode())
        return self.drain(len(lines))

    def close(self):
        self.say("QUIT")
        self.sock.close()


def look(port, user):
    """How many letters a fresh login of this user shows."""
    pop = Pop(port, user)
    count = pop.count()
    pop.close()
    return count


def wait_visible(port, wanted):
    """Until {user: letters} is what fresh logins show."""
    until = time.monotonic() + GUARD
    for user, letters_wanted in wanted.items():
        while True:
            count = look(port, user)
            if count == letters_wanted:
                break
            if count > letters_wanted or time.monotonic() > until:
                raise ValueError("%s holds %d letters, not %d"
                                 % (user, count, letters_wanted))
            time.sleep(POLL)
