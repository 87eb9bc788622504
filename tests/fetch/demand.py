"""Providers that send what they hold when they are asked: ETRN and ATRN.

The session is an SMTP server (RFC 5321) with AUTH, ETRN (RFC 1985) and ATRN
(RFC 2645).  With ETRN it connects to the SMTP port of the hub afterwards; with
ATRN the roles are reversed, and it is the client on the same connection.
"""

import base64
import hashlib
import hmac
import re
import smtplib
import threading
import time

from harness import DOMAIN, HOST, PASSWORD, Fault, Session, letter, test
from provider import stuffed

ROUND = b"".join(b"Received: by relay%d.example; Fri, 20 Nov 2026 10:00:00 "
                 b"+0700\r\n" % i for i in range(51))


class Demand(Session):
    """A correct one; `letters` are sent to the owner of the case."""

    keywords = (b"ETRN", b"ATRN")
    mechanisms = (b"CRAM-MD5", b"PLAIN")
    wants_login = True
    etrn_reply = b"250 queuing for node started"
    atrn_reply = b"250 now reversing the connection"
    exclusive = False
    letters = ()
    to = b"nobody@office.test"

    # --- as a server -----------------------------------------------------

    def greeting(self):
        self.say(b"220 provider.test ready")

    def obey(self, line):
        name = line.split(b" ")[0].upper().decode("latin-1")
        if getattr(self, "do_" + name, None) is None:
            self.say(b"502 5.5.1 no such command")
        else:
            super().obey(line)

    def do_EHLO(self, rest):
        self.called = rest
        words = [b"provider.test", *self.keywords]
        if self.offers_stls():
            words.append(b"STARTTLS")
        elif self.mechanisms:
            words.append(b"AUTH " + b" ".join(self.mechanisms))
        for word in words[:-1]:
            self.say(b"250-" + word)
        self.say(b"250 " + words[-1])

    def do_STARTTLS(self, _rest):
        self.say(b"220 begin")
        self.flush()
        self.start_tls()

    def challenge(self, data):
        self.say(b"334 " + base64.b64encode(data))
        return base64.b64decode(self.line())

    def do_AUTH(self, rest):
        mechanism, _, initial = rest.partition(b" ")
        if mechanism == b"PLAIN":
            given = base64.b64decode(initial) if initial else \
                self.challenge(b"")
            _, user, password = given.split(b"\0")
            box = self.provider.boxes.get(user)
            right = box is not None and box.password == password
        else:
            user, _, digest = self.challenge(self.stamp).rpartition(b" ")
            box = self.provider.boxes.get(user)
            right = box is not None and digest.decode() == hmac.new(
                box.password, self.stamp, hashlib.md5).hexdigest()
        self.user = user if right else None
        self.say(b"235 2.7.0 welcome" if right else b"535 5.7.8 wrong")

    def refused(self):
        if self.wants_login and self.user is None:
            self.say(b"530 5.7.0 authentication required")
            return True
        return False

    def do_ETRN(self, rest):
        if not self.refused():
            self.say(self.etrn(rest))

    def etrn(self, _name):
        return self.etrn_reply

    def do_ATRN(self, _rest):
        if self.refused():
            return
        self.say(self.atrn_reply)
        if self.atrn_reply.startswith(b"250"):
            self.flush()
            self.reverse()
            self.quits = True

    def do_QUIT(self, _rest):
        self.quits = True
        self.say(b"221 bye")

    # --- as the client of a connection that is reversed ---------------------

    def reply(self, *codes):
        """The last line of a reply, which must have one of these codes."""
        while True:
            line = self.line()
            if line[3:4] != b"-":
                break
        if int(line[:3]) not in codes:
            raise Fault("%r, not %r" % (line, codes))
        return line

    def ask(self, line, *codes):
        self.say(line)
        return self.reply(*codes)

    def reverse(self):
        self.answers = []
        self.greeted = self.reply(220)
        self.say(b"EHLO provider.test")
        self.offered = []
        while True:
            line = self.line()
            self.offered.append(line[4:])
            if line[3:4] != b"-":
                break
        for number, data in enumerate(self.letters):
            self.deliver(number, data)
        self.ask(b"QUIT", 221)

    def deliver(self, number, data):
        self.ask(b"MAIL FROM:<a@client.example>", 250)
        self.ask(b"RCPT TO:<" + self.to + b">", 250)
        self.ask(b"DATA", 354)
        self.body(number, data)
        self.answers.append(self.reply(250, 451, 452, 550, 554))

    def body(self, _number, data):
        self.send(stuffed(data))


def provides(t, base=Demand, **members):
    """A class of sessions for this case."""
    members.setdefault("to", ("%s@%s" % (t.owner, DOMAIN)).encode())
    return type("Provides", (base,), members)


def add(t, provider, protocol, *more, user=True, tls="none", host="127.0.0.1"):
    words = ["fetch", "add", "%s@%s" % (t.owner, DOMAIN), "--label", "remote",
             "--protocol", protocol, "--host", host, "--port",
             str(provider.port), "--tls", tls, "--untested", *more]
    if user:
        words += ["--user", t.owner, "--password-file", t.place.secret]
    status, text, complaints = t.command(*words)
    if status != 0:
        raise Fault("fetch add: status %d: %s%s" % (status, text, complaints))


def held(t, label):
    """Subjects of what is held for this owner."""
    status, text, complaints = t.command("hold", "list", "--json")
    t.true(status == 0, complaints)
    return text.count(label)


# --- ATRN --------------------------------------------------------------------

@test("RFC2645/the-roles-are-reversed-on-the-same-connection")
def atrn(t):
    datas = [letter("atrn-%d" % i, size) for i, size in
             enumerate((600, 200000, 900))]
    refused = b"Subject: round-" + t.owner.encode() + b"\r\n" + ROUND + \
        b"\r\nround\r\n"
    provider = t.provider(provides(t, letters=[*datas, refused]), t.box())
    add(t, provider, "atrn", "--queue", DOMAIN)
    row = t.now()
    session = provider.sessions[-1]
    t.true(row["taken"] == 4 and row["held"] == 1 and row["left"] == 0, row)
    t.true(row["taken_bytes"] == sum(map(len, datas)) + len(refused), row)
    t.true(session.lines[-1] == b"ATRN " + DOMAIN.encode(), session.lines)
    t.true(all(a.startswith(b"250") for a in session.answers),
           session.answers)
    words = b" ".join(session.offered).upper()
    t.true(b"STARTTLS" not in words and b"AUTH" not in words, words)
    t.true(held(t, "round-" + t.owner) == 1, "not held")
    t.here(datas)


@test("RFC2645/with-tls-and-a-trusted-certificate")
def atrn_tls(t):
    datas = [letter("atrn-tls")]
    for tls, how in (("starttls", {}), ("implicit", {"implicit": True})):
        provider = t.provider(
            provides(t, letters=datas, stls=tls == "starttls"), t.box(),
            tls=t.certs.context("good"), **how)
        add(t, provider, "atrn", "--queue", DOMAIN, "--label", tls, tls=tls,
            host=HOST)
        row = t.now(label=tls)
        t.true(row["taken"] == 1, row)
        t.no_secret(provider.sessions[-1].in_clear)
        datas = [letter("atrn-tls-2")]
    found = t.letters()
    t.true(len(found) == 2, found)
    t.here([letter("atrn-tls"), letter("atrn-tls-2")])


@test("RFC2645/a-line-that-breaks-in-data-loses-nothing-and-doubles-nothing")
def atrn_cut(t):
    datas = [letter("cut-%d" % i, 50000) for i in range(3)]
    state = {"waits": list(datas), "cuts": [1, 0]}

    class Cuts(Demand):
        def reverse(self):
            self.letters = list(state["waits"])
            super().reverse()

        def body(self, number, data):
            if state["cuts"] and number == state["cuts"][0]:
                state["cuts"].pop(0)
                self.send(stuffed(data)[:-1000])
                self.hang_up()
            super().body(number, data)

        def deliver(self, number, data):
            super().deliver(number, data)
            state["waits"].remove(data)
    provider = t.provider(provides(t, Cuts), t.box())
    add(t, provider, "atrn", "--queue", DOMAIN)
    row = t.now("closed")
    t.true(row["taken"] == 1, row)
    t.here(datas[:1])
    row = t.now("closed")
    t.true(row["taken"] == 0, row)
    row = t.now()
    t.true(row["taken"] == 2, row)
    t.here(datas)


@test("A20/RFC2645/what-is-said-before-our-greeting-ends-it")
def atrn_early(t):
    class Early(Demand):
        atrn_reply = (b"250 now reversing\r\nEHLO provider.test\r\n"
                      b"MAIL FROM:<a@client.example>\r\nRCPT TO:<" +
                      t.owner.encode() + b"@office.test>\r\nDATA\r\n"
                      b"Subject: early\r\n\r\nearly\r\n.\r\nQUIT")

        def reverse(self):
            self.fall_silent()
    provider = t.provider(provides(t, Early), t.box())
    add(t, provider, "atrn", "--queue", DOMAIN)
    row = t.now("inconsistent")
    t.true(row["taken"] == 0, row)
    t.true(b"ESMTP" not in provider.received(), "it was greeted")
    t.here([])


@test("A20/RFC2645/nothing-said-before-the-turn-counts-after-it")
def atrn_clean(t):
    class Hasty(Demand):
        def reverse(self):
            self.reply(220)
            # as if our EHLO before had been the provider's own
            self.ask(b"MAIL FROM:<a@client.example>", 503)
            self.ask(b"EHLO provider.test", 250)
            self.ask(b"STARTTLS", 502)
            self.ask(b"AUTH PLAIN AGEAYg==", 500)
            self.ask(b"ATRN office.test", 500)
            self.ask(b"RCPT TO:<someone@elsewhere.example>", 503)
            self.ask(b"MAIL FROM:<a@client.example>", 250)
            self.ask(b"RCPT TO:<someone@elsewhere.example>", 550)
            self.ask(b"QUIT", 221)
    provider = t.provider(provides(t, Hasty), t.box())
    add(t, provider, "atrn")
    t.now()
    t.true(provider.sessions[-1].lines[-1] == b"ATRN",
           provider.sessions[-1].lines)
    t.true(provider.calm(), "it is still open")
    t.here([])


ANSWERS = [
    ("453-is-no-mail", b"453 you have no mail", "done"),
    ("450-is-a-refusal", b"450 ATRN request refused", "not-allowed"),
    ("451-is-later", b"451 unable to process it now", "busy"),
    ("502-is-not-offered", b"502 not implemented", "not-offered"),
    ("530-wants-a-login", b"530 authentication required", "wants-login"),
    ("nonsense-is-told", b"hello", "inconsistent"),
]


def answer(reply, result):
    def run(t):
        provider = t.provider(provides(t, atrn_reply=reply), t.box())
        add(t, provider, "atrn", "--queue", "office.test,branch.test")
        row = t.now(result)
        t.true(row["taken"] == 0, row)
        session = provider.sessions[-1]
        t.true(b"ATRN office.test,branch.test" in session.lines,
               session.lines)
        if result != "inconsistent":
            t.true(session.quits, "no QUIT")
        if result not in ("done", "inconsistent"):
            t.true(row["words"] == reply.decode(), row["words"])
        t.here([])
    return run


for name, reply, result in ANSWERS:
    test("RFC2645/" + name)(answer(reply, result))


# --- ETRN --------------------------------------------------------------------

def send_to(t, datas):
    """What a provider does once it was asked."""
    with smtplib.SMTP("127.0.0.1", t.hub.base + 25,
                      local_hostname="provider.test") as client:
        for data in datas:
            client.sendmail("a@client.example",
                            ["%s@%s" % (t.owner, DOMAIN)], data)


@test("RFC1985/it-is-asked-for-each-name-and-sends-by-smtp")
def etrn(t):
    datas = [letter("etrn-%d" % i) for i in range(3)]
    replies = {b"office.test": b"250 queuing for node started",
               b"@office.test": b"253 2.0.0 OK, 14 pending messages for node",
               b"#spool": b"251 OK, no messages waiting"}
    sent = threading.Event()

    class Asked(Demand):
        def etrn(self, name):
            if name == b"office.test":
                threading.Thread(target=lambda: (send_to(t, datas),
                                                 sent.set())).start()
            return replies[name]
    provider = t.provider(provides(t, Asked), t.box())
    add(t, provider, "etrn", "--queue", "office.test,@office.test,#spool")
    row = t.now()
    t.true(row["asked"] == 3 and row["waiting"] == 14, row)
    t.true(row["taken"] == 0, row)
    session = provider.sessions[-1]
    t.true([line for line in session.lines if line.startswith(b"ETRN")] ==
           [b"ETRN " + name for name in replies], session.lines)
    t.true(session.quits, "no QUIT")
    t.true(sent.wait(120), "what it sends is not taken")
    t.here(datas)


@test("RFC1985/without-a-login-where-none-is-wanted")
def etrn_open(t):
    provider = t.provider(provides(t, wants_login=False, mechanisms=()))
    add(t, provider, "etrn", "--queue", DOMAIN, user=False)
    t.true(t.now()["asked"] == 1)
    t.true(b"AUTH" not in provider.received(), provider.received())
    t.here([])


@test("RFC1985/a-login-that-is-not-offered-is-not-passed-over")
def etrn_no_auth(t):
    provider = t.provider(provides(t, wants_login=False, mechanisms=()),
                          t.box())
    add(t, provider, "etrn", "--queue", DOMAIN)
    t.now("mechanism")
    t.true(b"ETRN" not in provider.received(), provider.received())
    t.here([])


@test("RFC1985/a-wrong-password-is-told-and-asks-for-nothing")
def etrn_wrong(t):
    provider = t.provider(provides(t), t.box(password=b"another"))
    add(t, provider, "etrn", "--queue", DOMAIN)
    row = t.now("refused")
    t.true("535" in row["words"], row)
    t.true(b"ETRN" not in provider.received(), provider.received())
    t.no_secret(row["words"].encode())
    t.here([])


ETRN_ANSWERS = [
    ("458-is-later", b"458 unable to queue", "busy"),
    ("459-is-not-allowed", b"459 4.3.0 node not allowed", "not-allowed"),
    ("500-is-not-offered", b"500 what?", "not-offered"),
    ("501-is-not-allowed", b"501 5.5.4 no such name", "not-allowed"),
    ("530-wants-a-login", b"530 5.7.0 log in first", "wants-login"),
    ("252-is-fine", b"252 OK, pending messages started", "done"),
]


def etrn_answer(reply, result):
    def run(t):
        provider = t.provider(provides(t, etrn_reply=reply), t.box())
        add(t, provider, "etrn", "--queue", DOMAIN)
        row = t.now(result)
        t.true(row["asked"] == (result == "done"), row)
        if result != "done":
            t.true(row["words"] == reply.decode(), row["words"])
        t.here([])
    return run


for name, reply, result in ETRN_ANSWERS:
    test("RFC1985/" + name)(etrn_answer(reply, result))


@test("RFC1985/one-name-that-is-refused-does-not-stop-the-others")
def etrn_mixed(t):
    class Mixed(Demand):
        def etrn(self, name):
            return b"459 not yours" if name == b"a.test" else b"250 OK"
    provider = t.provider(provides(t, Mixed), t.box())
    add(t, provider, "etrn", "--queue", "a.test,b.test")
    row = t.now("not-allowed")
    t.true(row["asked"] == 1, row)
    t.true(row["words"] == "a.test: 459 not yours", row)
    t.here([])


@test("RFC1985/a-test-logs-in-and-asks-for-nothing")
def etrn_test(t):
    provider = t.provider(provides(t), t.box())
    for protocol in ("etrn", "atrn"):
        add(t, provider, protocol, "--queue", DOMAIN, "--label", protocol)
        row = t.now(verb="test", label=protocol)
        t.true(row["asked"] == 1, row)
    other = t.provider(provides(t, keywords=(b"SIZE",)), t.box())
    add(t, other, "etrn", "--queue", DOMAIN, "--label", "other")
    t.now("not-offered", verb="test", label="other")
    received = provider.received() + other.received()
    t.true(re.search(rb"(?m)^[EA]TRN", received) is None, received)
    t.here([])


@test("RFC2645/a-provider-that-falls-silent-is-let-go", slow=True)
def silent(t):
    class Silent(Demand):
        def do_ATRN(self, _rest):
            self.fall_silent()
    provider = t.provider(provides(t, Silent), t.box())
    add(t, provider, "atrn", "--queue", DOMAIN)
    began = time.monotonic()
    t.now("timed-out")
    t.true(time.monotonic() - began < 180, "it took too long")
    t.true(PASSWORD not in provider.received(), "the password in clear")
    t.here([])
