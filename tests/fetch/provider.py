"""A provider of mail: a POP3 server that is told how to behave.

It is correct (RFC 1939, 2449, 2595, 5034) until a test gives it a subclass of
Session whose methods do something else, one method a fault.  It writes down
every byte it receives, every command, and how often each message was asked
for and wholly sent.  Replies wait in a buffer until the commands that have
come are used up, so that a pipelining client is served as fast as it asks.
"""

import base64
import collections
import hashlib
import hmac
import os
import re
import socket
import ssl
import threading
import time

PASSWORD = b"s3cret-of-the-provider"
SILENCE = 300.0         # seconds; more than any client should wait
CRLF = b"\r\n"


def stuffed(data):
    """RFC 1939 3: what goes over the wire for this message, the end too."""
    if data and not data.endswith(CRLF):
        data += CRLF
    return re.sub(rb"(\A|\r\n)\.", rb"\1..", data) + b".\r\n"


def mended(data):
    """What a hub keeps of it: bare CR and LF are line ends, NUL is 0x80."""
    if data and not data.endswith(CRLF):
        data += CRLF
    data = re.sub(rb"\r(?!\n)", CRLF, data)
    return re.sub(rb"(?<!\r)\n", CRLF, data).replace(b"\0", b"\x80")


class Mail:
    """A message that waits; `size` is what LIST says of it."""

    def __init__(self, uidl, data, size=None):
        self.uidl = uidl if isinstance(uidl, bytes) else uidl.encode()
        self.data = data
        self.size = size
        self.wire = stuffed(data)

    def listed(self):
        if self.size is not None:
            return self.size
        is_whole = not self.data or self.data.endswith(CRLF)
        return len(self.data) + (0 if is_whole else 2)


class Box:
    """A mailbox at the provider, and what was ever asked of it."""

    def __init__(self, user, mails=(), password=PASSWORD):
        self.user = user.encode()
        self.password = password
        self.mails = list(mails)
        self.removed = []               # in order, by QUIT
        self.asked = collections.Counter()      # RETR, by message
        self.sent = collections.Counter()       # RETR answered to its end
        self.topped = collections.Counter()     # TOP
        self.sampled = collections.Counter()    # TOP n m, BODY[]<n.m>
        self.sections = collections.Counter()   # of IMAP: BODY[1]
        self.together = self.most_together = 0  # sessions that are logged in
        self.lock = threading.RLock()

    def add(self, *mails):
        with self.lock:
            self.mails += mails

    def uidls(self):
        with self.lock:
            return [mail.uidl for mail in self.mails]


class Hangup(Exception):
    """This session is over."""


class Session:
    """One connection.  A test overrides what it wants to go wrong."""

    protocol = "pop3"
    stls = False                # offered
    pipelining = True
    uidl = top = True
    mechanisms = ()             # of AUTH: b"PLAIN", b"LOGIN", b"CRAM-MD5"
    user_pass = True
    apop = False
    exclusive = True            # a second login is told [IN-USE]

    def __init__(self, provider, connection):
        self.provider = provider
        self.socket = connection
        self.buffer = b""
        self.out = []
        self.box = None
        self.user = None
        self.list = []          # the mails, as they were at the login
        self.marks = set()      # numbers, by DELE
        self.lines = []         # the commands, as they came
        self.received = b""     # all, TLS undone
        self.in_clear = b""     # all that came without TLS
        self.sent_bytes = 0
        self.early = b""        # what was sent ahead of a handshake
        self.crowded = False    # a command came before the last was answered
        self.quits = False
        self.resumed = False    # a session of TLS was: no certificate shown
        self.over = threading.Event()
        self.stamp = b"<%d.%d@provider.test>" % (os.getpid(), id(self))

    # --- bytes ---------------------------------------------------------------

    def send(self, data):
        self.out.append(data)

    def say(self, line):
        self.send(line + CRLF)

    def flush(self):
        data, self.out = b"".join(self.out), []
        if data:
            self.push(data)

    def push(self, data):
        """Now, whatever waits."""
        try:
            self.socket.sendall(data)
            self.sent_bytes += len(data)
        except (OSError, ValueError) as fault:
            raise Hangup(str(fault)) from fault

    def receive(self):
        try:
            data = self.socket.recv(65536)
        except (OSError, ValueError) as fault:
            raise Hangup(str(fault)) from fault
        if not data:
            raise Hangup("closed")
        self.received += data
        if not self.is_tls():
            self.in_clear += data
        self.buffer += data

    def line(self):
        while True:
            at = self.buffer.find(CRLF)
            if at >= 0:
                line, self.buffer = self.buffer[:at], self.buffer[at + 2:]
                return line
            self.flush()
            self.receive()

    def is_tls(self):
        return isinstance(self.socket, ssl.SSLSocket)

    def start_tls(self):
        try:
            self.socket = self.provider.tls.wrap_socket(
                self.socket, server_side=True)
        except (OSError, ValueError) as fault:
            raise Hangup("no handshake: %s" % fault) from fault
        self.resumed = self.socket.session_reused

    def hang_up(self):
        """At once, after what was said; no close_notify."""
        self.flush()
        raise Hangup("our own wish")

    def fall_silent(self):
        """Say nothing more, until the client goes."""
        self.flush()
        while True:
            self.receive()

    # --- the session ---------------------------------------------------------

    def run(self):
        try:
            self.socket.settimeout(SILENCE)
            if self.provider.implicit:
                self.start_tls()
            self.greeting()
            while not self.quits:
                line = self.line()
                self.lines.append(line)
                self.provider.step(self, line)
                if not self.pipelining and self.buffer:
                    self.crowded = True
                self.obey(line)
            self.flush()
            self.say_goodbye()
        except Hangup:
            pass
        finally:
            if self.box is not None:
                with self.box.lock:
                    self.box.together -= 1
            try:
                self.socket.close()
            except OSError:
                pass
            self.over.set()

    def say_goodbye(self):
        if self.is_tls():
            try:
                self.socket.settimeout(1.0)
                self.socket.unwrap()
            except (OSError, ValueError):
                pass

    def obey(self, line):
        word, _, rest = line.partition(b" ")
        name = word.upper().decode("latin-1")
        handler = getattr(self, "do_" + name, None)
        if handler is None:
            self.say(b"-ERR no such command")
        else:
            handler(rest)

    def words(self):
        """The commands, without their arguments."""
        return [line.split(b" ")[0].upper().decode("latin-1")
                for line in self.lines]

    # --- before the login ----------------------------------------------------

    def greeting(self):
        self.say(b"+OK ready " + (self.stamp if self.apop else b""))

    def offers_stls(self):
        return self.stls and not self.is_tls()

    def capabilities(self):
        yield b"RESP-CODES"
        yield b"AUTH-RESP-CODE"
        if self.pipelining:
            yield b"PIPELINING"
        if self.top:
            yield b"TOP"
        if self.uidl:
            yield b"UIDL"
        if self.user_pass:
            yield b"USER"
        if self.mechanisms:
            yield b"SASL " + b" ".join(self.mechanisms)
        if self.offers_stls():
            yield b"STLS"

    def do_CAPA(self, _rest):
        self.say(b"+OK")
        for line in self.capabilities():
            self.say(line)
        self.say(b".")

    def do_STLS(self, _rest):
        if not self.offers_stls():
            self.say(b"-ERR not here")
            return
        self.say(b"+OK begin")
        self.flush()
        self.early, self.buffer = self.buffer, b""
        self.start_tls()

    def do_USER(self, rest):
        if not self.user_pass:
            self.say(b"-ERR not here")
            return
        self.user = rest
        self.say(b"+OK")

    def do_PASS(self, rest):
        box = self.provider.boxes.get(self.user)
        self.let_in(box, box is not None and box.password == rest)

    def do_APOP(self, rest):
        user, _, digest = rest.rpartition(b" ")
        box = self.provider.boxes.get(user) if self.apop else None
        self.let_in(box, box is not None and digest.decode("latin-1") ==
                    hashlib.md5(self.stamp + box.password).hexdigest())

    def challenge(self, data):
        """RFC 5034 4: ask, and the answer."""
        self.say(b"+ " + base64.b64encode(data))
        answer = self.line()
        if answer == b"*":
            self.say(b"-ERR as you wish")
            return None
        try:
            return base64.b64decode(answer, validate=True)
        except ValueError:
            return b""

    def do_AUTH(self, rest):
        mechanism, _, initial = rest.partition(b" ")
        mechanism = mechanism.upper()
        if mechanism not in self.mechanisms:
            self.say(b"-ERR no such mechanism")
            return
        if mechanism == b"PLAIN":
            answer = base64.b64decode(initial) if initial else \
                self.challenge(b"")
            if answer is None:
                return
            self.plain(answer)
        elif mechanism == b"LOGIN":
            user = base64.b64decode(initial) if initial else \
                self.challenge(b"Username:")
            password = self.challenge(b"Password:")
            box = self.provider.boxes.get(user)
            self.let_in(box, box is not None and box.password == password)
        else:
            answer = self.challenge(self.stamp)
            if answer is not None:
                self.cram_md5(answer)

    def plain(self, answer):
        """RFC 4616; let_in() is what follows."""
        fields = answer.split(b"\0")
        box = self.provider.boxes.get(fields[1]) if len(fields) == 3 else None
        self.let_in(box, box is not None and box.password == fields[2])

    def cram_md5(self, answer):
        """RFC 2195"""
        user, _, digest = answer.rpartition(b" ")
        box = self.provider.boxes.get(user)
        self.let_in(box, box is not None and digest.decode("latin-1") ==
                    hmac.new(box.password, self.stamp,
                             hashlib.md5).hexdigest())

    def enter(self, box):
        """False: another session has it."""
        with box.lock:
            if self.exclusive and box.together:
                return False
            box.together += 1
            box.most_together = max(box.most_together, box.together)
            self.box = box
            self.list = list(box.mails)
        return True

    def let_in(self, box, is_right):
        if not is_right:
            self.say(b"-ERR [AUTH] name or password is wrong")
        elif not self.enter(box):
            self.say(b"-ERR [IN-USE] another session has it")
        else:
            self.say(b"+OK %d messages" % len(self.list))

    # --- after it ------------------------------------------------------------

    def mail(self, rest):
        """The message of that number, or None with the refusal said."""
        try:
            number = int(rest.split(b" ")[0])
            if self.box is None or number < 1 or number in self.marks:
                raise IndexError
            return number, self.list[number - 1]
        except (ValueError, IndexError):
            self.say(b"-ERR no such message")
            return None, None

    def rows(self):
        return [(i, mail) for i, mail in enumerate(self.list, 1)
                if i not in self.marks]

    def do_STAT(self, _rest):
        rows = self.rows()
        self.say(b"+OK %d %d" % (len(rows),
                                 sum(mail.listed() for _, mail in rows)))

    def list_row(self, number, mail):
        return b"%d %d" % (number, mail.listed())

    def uidl_row(self, number, mail):
        return b"%d %s" % (number, mail.uidl)

    def do_LIST(self, rest):
        self.listing(rest, self.list_row)

    def do_UIDL(self, rest):
        if not self.uidl:
            self.say(b"-ERR no such command")
        else:
            self.listing(rest, self.uidl_row)

    def listing(self, rest, row):
        if self.box is None:
            self.say(b"-ERR log in first")
        elif rest:
            number, mail = self.mail(rest)
            if mail:
                self.say(b"+OK " + row(number, mail))
        else:
            self.say(b"+OK")
            for number, mail in self.rows():
                self.say(row(number, mail))
            self.say(b".")

    def do_RETR(self, rest):
        number, mail = self.mail(rest)
        if mail is None:
            return
        self.box.asked[mail.uidl] += 1
        self.retr(number, mail)
        self.box.sent[mail.uidl] += 1

    def retr(self, _number, mail):
        """Say it all; whoever stops half-way raises Hangup."""
        self.say(b"+OK %d octets" % mail.listed())
        self.send(mail.wire)

    def do_TOP(self, rest):
        number, mail = self.mail(rest)
        if mail is None:
            return
        if not self.top:
            self.say(b"-ERR no such command")
            return
        head, _, body = mail.data.partition(b"\r\n\r\n")
        lines = body.split(CRLF)[:int(rest.split(b" ")[1])]
        self.box.topped[mail.uidl] += 1
        self.box.sampled[mail.uidl] += bool(lines)
        self.say(b"+OK")
        self.send(stuffed(head + b"\r\n\r\n" + b"".join(
            line + CRLF for line in lines)))

    def do_DELE(self, rest):
        number, mail = self.mail(rest)
        if mail:
            self.dele(number, mail)

    def dele(self, number, _mail):
        self.marks.add(number)
        self.say(b"+OK")

    def do_RSET(self, _rest):
        self.marks.clear()
        self.say(b"+OK")

    def do_NOOP(self, _rest):
        self.say(b"+OK")

    def do_QUIT(self, _rest):
        self.quits = True
        if self.box is not None:
            self.update()
        self.say(b"+OK bye")

    def update(self):
        """RFC 1939 6: what was marked goes."""
        gone = [self.list[number - 1] for number in sorted(self.marks)]
        self.provider.removing(self, gone)
        with self.box.lock:
            for mail in gone:
                if mail in self.box.mails:
                    self.box.mails.remove(mail)
                    self.box.removed.append(mail.uidl)


class Provider:
    """Listens on a port of 127.0.0.1 until it is closed."""

    def __init__(self, session=Session, boxes=(), tls=None, implicit=False,
                 address="127.0.0.1", port=0):
        self.session = session
        self.boxes = {box.user: box for box in boxes}
        self.tls = tls
        self.implicit = implicit
        self.sessions = []
        self.step = lambda session, line: None      # before it is obeyed
        self.removing = lambda session, mails: None     # before they go
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family,
                                             backlog=128)
        self.port = self.listener.getsockname()[1]
        self.closed = False
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = self.session(self, connection)
            self.sessions.append(session)
            threading.Thread(target=session.run, daemon=True).start()

    def calm(self, guard=120.0):
        """Until every session is over."""
        until = time.monotonic() + guard
        for session in list(self.sessions):
            if not session.over.wait(max(0.0, until - time.monotonic())):
                return False
        return True

    def is_imap(self):
        return self.session.protocol == "imap"

    def words(self):
        """The commands of all sessions, counted."""
        return collections.Counter(
            word for session in self.sessions for word in session.words())

    def received(self):
        return b"".join(session.received for session in self.sessions)

    def close(self):
        if self.closed:
            return
        self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for session in list(self.sessions):
            try:
                session.socket.shutdown(socket.SHUT_RDWR)
            except (OSError, ValueError):
                pass


def has_secret(received, user, password=PASSWORD):
    """Is the password, or the name, in these bytes in any form?"""
    forms = [password, user]
    for plain in (b"\0" + user + b"\0" + password, user, password):
        forms.append(base64.b64encode(plain))
    return any(form and form in received for form in forms)
