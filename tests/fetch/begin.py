"""Until the login: connecting, greeting, TLS, certificates, names, secrets."""

import socket
import threading
import time

from certs import BAD, HOST
from either import Imap, Pop3, both, with_stls
from harness import DOMAIN, Fault, Session, letters, test
from provider import Hangup


# --- connecting and greeting -------------------------------------------------

@both("F01/refused-connection-is-said-and-others-go-on")
def refused_connection(t, kind):
    datas = letters(kind.mark + "refused", 3)
    dead = t.provider(kind.session, kind.box(t))
    t.add(dead, label="dead")
    dead.close()
    t.add(t.provider(kind.session, kind.box(t, datas)), label="alive")
    rows = {row["label"]: row for row in t.fetch("now")}
    t.true(rows["dead"]["result"] == "unreachable", rows["dead"])
    t.true(rows["alive"]["result"] == "done", rows["alive"])
    t.here(datas)


class Silent(Session):
    def greeting(self):
        self.fall_silent()


def while_silent(t, session, name):
    """Collect from a slow one, and meanwhile from another: at once."""
    datas = letters(name, 3)
    held = t.box(letters(name + "-held", 2))
    t.add(t.provider(session, held), label="slow")
    t.add(t.provider(Session, t.box(datas, user="beside")), label="beside",
          user="beside")
    ends = []
    slow = threading.Thread(
        target=lambda: ends.append(t.fetch("now", "slow")[0]))
    slow.start()
    time.sleep(0.5)
    row = t.fetch("now", "beside")[0]
    t.true(row["result"] == "done", row)
    t.true(not ends, "the other one was delayed")
    t.here(datas)
    slow.join()
    t.true(ends and ends[0]["result"] == "timed-out", ends)
    t.here(datas)
    return held


def change(t, *words):
    status, text, complaints = t.command(
        "fetch", "set", "%s@%s" % (t.owner, DOMAIN), "--label", "remote",
        *words)
    t.true(status == 0, "fetch set:", text, complaints)


@test("fetch-now/right-behind-a-change-it-is-what-was-changed-to")
def right_behind(t):
    t.add(t.provider(Session, t.box()))
    for _ in range(8):
        change(t, "--disable")
        status, text, _ = t.command("fetch", "now", "%s@%s" % (
            t.owner, DOMAIN), "--label", "remote")
        t.true(status != 0, "it is switched off:", text)
        change(t, "--enable")
        t.now(label="remote")


@test("fetch-now/with-new-settings-nobody-is-told-what-the-old-ones-led-to")
def other_settings(t):
    begun, let_go = threading.Event(), threading.Event()

    class Old(Session):
        def greeting(self):
            begun.set()
            let_go.wait(120)
            self.say(b"-ERR not here")
    datas = letters("other-settings", 3)
    t.add(t.provider(Old, t.box()))
    ends = [None, None]

    def now(i):
        ends[i] = t.fetch("now", "remote")[0]["result"]
    askers = [threading.Thread(target=now, args=(i,)) for i in range(2)]
    askers[0].start()
    t.true(begun.wait(120), "it was not begun")
    change(t, "--port", str(t.provider(Session, t.box(datas)).port))
    askers[1].start()
    time.sleep(1)       # so that it asks while the old one is under way
    let_go.set()
    for asker in askers:
        asker.join()
    t.true(ends[0] != "done" and ends[1] == "done", ends)
    t.here(datas)


@test("F02/silence-after-accept-times-out-and-delays-nobody", slow=True)
def silence_after_accept(t):
    while_silent(t, Silent, "silence")


def greets(kind, data, silent=False):
    class Greets(kind.session):
        def greeting(self):
            self.send(data)
            if silent:
                self.fall_silent()
            self.hang_up()
    return Greets


GARBAGE = (("smtp", b"220 mail.test ESMTP\r\n"),
           ("http", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
           ("bytes", bytes(range(256)) * 16 + b"\r\n"))
GARBAGE_OF = {
    Pop3: (("imap", b"* OK ready\r\n"),
           ("err", b"-ERR too many connections\r\n"),
           ("dot", b".\r\n" * 1000)),
    Imap: (("pop3", b"+OK ready\r\n"),
           ("bye", b"* BYE too many connections\r\n"),
           ("stars", b"*\r\n" * 1000)),
}


@both("F03/garbage-for-a-greeting")
def garbage_greeting(t, kind):
    for name, data in GARBAGE + GARBAGE_OF[kind]:
        provider = t.provider(greets(kind, data), kind.box(t))
        t.add(provider, label=name)
        row = t.now("nonsense", "closed", "busy", "refused", label=name)
        t.true(row["words"].isprintable(), "unprintable:", repr(row))
        t.no_secret(provider.received())


@both("F03/a-greeting-of-1-MiB")
def endless_greeting(t, kind):
    for name, data in (("line", kind.ready + b"x" * (1 << 20) + b"\r\n"),
                       ("open", kind.ready + b"x" * (1 << 20)),
                       ("lines", b"hello\r\n" * 150000)):
        t.add(t.provider(greets(kind, data), kind.box(t)), label=name)
        t.now("nonsense", "closed", label=name)


@both("F03/garbage-and-then-silence")
def garbage_and_silence(t, kind):
    t.add(t.provider(greets(kind, b"hello\r\n", silent=True), kind.box(t)))
    t.now("nonsense")


@both("F04/closed-after-the-greeting")
def closed_after_greeting(t, kind):
    t.add(t.provider(greets(kind, kind.ready + b"ready\r\n"), kind.box(t)))
    t.now("closed")


# --- the login ---------------------------------------------------------------

REFUSALS = {
    Pop3: (("plain", b"no", "refused"),
           ("auth", b"[AUTH] wrong", "refused"),
           ("temp", b"[SYS/TEMP] later", "busy"),
           ("in-use", b"[IN-USE] locked", "busy"),
           ("delay", b"[LOGIN-DELAY] wait", "busy")),
    Imap: (("plain", b"no", "refused"),
           ("failed", b"[AUTHENTICATIONFAILED] wrong", "refused"),
           ("expired", b"[EXPIRED] too old", "refused"),
           ("unavailable", b"[UNAVAILABLE] later", "busy"),
           ("in-use", b"[INUSE] locked", "busy"),
           ("limit", b"[LIMIT] too many", "busy")),
}


def refuses(kind, words):
    class Refuses(kind.session):
        def let_in(self, box, is_right):
            kind.refuse(self, words)
    return Refuses


@both("F05/a-wrong-password-and-a-busy-mailbox-are-told-apart")
def refused_login(t, kind):
    for name, words, result in REFUSALS[kind]:
        provider = t.provider(refuses(kind, words),
                              kind.box(t, letters(name, 1)))
        t.add(provider, label=name)
        row = t.now(result, label=name)
        t.true(words.split(b"] ")[-1].decode() in row["words"],
               "its words are not passed on:", row["words"])
        tries = provider.words()
        t.true(sum(tries[word] for word in kind.logins) == 1,
               "one collection, and so many logins:", tries)
    t.here([])


@test("F05/the-connection-breaks-during-the-login")
def broken_login(t):
    class Breaks(Session):
        def do_PASS(self, _rest):
            self.hang_up()
    t.add(t.provider(Breaks, t.box(letters("breaks", 1))))
    t.now("closed")


@test("login/each-mechanism")
def mechanisms(t):
    class All(Session):
        mechanisms = (b"PLAIN", b"LOGIN", b"CRAM-MD5")
        apop = True
    datas = []
    for name, word in (("auto", "PASS"), ("plain", "AUTH"),
                       ("login", "AUTH"), ("cram-md5", "AUTH"),
                       ("apop", "APOP")):
        datas += letters("by-" + name, 2)
        box = t.box(datas[-2:], user="at-" + name)
        provider = t.provider(All, box)
        t.add(provider, "--mechanism", name, label=name, user="at-" + name)
        t.now(label=name)
        if name != "auto":
            t.true(provider.words()[word] == 1, name, provider.words())
        if name in ("plain", "login", "cram-md5"):
            t.true(any(line.upper().startswith(b"AUTH " + name.encode().upper())
                       for line in provider.sessions[-1].lines),
                   name, provider.sessions[-1].words())
    t.here(datas)


@test("login/auto-takes-what-is-offered")
def automatic(t):
    class OnlyCram(Session):
        user_pass = False
        mechanisms = (b"CRAM-MD5",)

    class OnlyPlain(Session):
        user_pass = False
        mechanisms = (b"PLAIN",)
    datas = letters("auto", 2)
    for i, session in enumerate((OnlyCram, OnlyPlain)):
        name = "auto-%d" % i
        t.add(t.provider(session, t.box([datas[i]], user=name)), label=name,
              user=name)
        t.now(label=name)
    t.here(datas)


@test("login/a-mechanism-that-is-not-offered-is-said")
def missing_mechanism(t):
    provider = t.provider(Session, t.box(letters("none", 1)))
    t.add(provider, "--mechanism", "cram-md5")
    t.now("mechanism")
    t.no_secret(provider.received())


def challenges(lines):
    class Challenges(Session):
        mechanisms = (b"PLAIN", b"LOGIN", b"CRAM-MD5")
        user_pass = False

        def do_AUTH(self, _rest):
            for line in lines:
                self.say(line)
                self.line()
            self.say(b"-ERR enough")
    return Challenges


@test("F49/challenges-that-are-none")
def odd_challenges(t):
    for name, lines in (
            ("endless", (b"+ " + b"QUJD" * (1 << 18),)),
            ("not-base64", (b"+ ***not*base64***",)),
            ("binary", (b"+ \x00\xff\xfe",)),
            ("many", (b"+ PDEuMkBwPg==",) * 5)):
        for mechanism in ("cram-md5", "plain", "login"):
            label = name + "-" + mechanism
            t.add(t.provider(challenges(lines), t.box(letters(label, 1))),
                  "--mechanism", mechanism, label=label)
            t.now("refused", "nonsense", "closed", "mechanism", label=label)
    t.here([])


@test("A56/line-breaks-in-name-host-and-password")
def line_breaks(t):
    box = t.box(letters("breaks", 2))
    provider = t.provider(Session, box)
    secret = t.hub.folder + "/secret-" + t.owner
    with open(secret, "wb") as file:
        file.write(b"a\rDELE 1\n")
    for how in ({"user": "a\r\nDELE 1"}, {"user": "a\nDELE 1"},
                {"user": "a\rQUIT"}, {"user": "a\x7f"},
                {"host": "127.0.0.1\r\nX"}, {"host": "127.0.0.1%0d%0aX"},
                {"host": "pop3://127.0.0.1"}, {"host": "127.0.0.1/1"},
                {"host": "file:///etc/passwd"}, {"host": "a@127.0.0.1"},
                {"host": "127.0.0.1 x"}, {"host": ""},
                {"label": "a\r\nb"}, {"secret": secret}):
        status, text, _ = t.command(*t.add_words(provider, **how))
        t.true(status != 0, "taken:", how, text)
    t.true(not provider.sessions, "something was tried")


@test("login/names-and-passwords-with-odd-characters")
def odd_names(t):
    user, password = 'o"d d%40:@/\\', 'p%41:@/ "\\ \u00e4'.encode()
    secret = t.hub.folder + "/secret-" + t.owner
    with open(secret, "wb") as file:
        file.write(password + b"\n")

    class All(Session):
        mechanisms = (b"PLAIN", b"LOGIN", b"CRAM-MD5")
        apop = True
    datas = []
    for name in ("plain", "login", "cram-md5", "apop", "auto"):
        datas += letters("odd-" + name, 1)
        t.add(t.provider(All, t.box(datas[-1:], user, password)),
              "--mechanism", name, label=name, user=user, secret=secret)
        t.now(label=name)
    t.here(datas)


# --- TLS ---------------------------------------------------------------------

class Stls(Session):
    stls = True


@both("tls/starttls-and-implicit-carry-the-mail")
def tls_works(t, kind):
    datas = letters(kind.mark + "tls", 6)
    tls = t.certs.context("good")
    for i, name in enumerate(("starttls", "implicit")):
        box = kind.box(t, datas[3 * i:3 * i + 3], user=name)
        provider = t.provider(with_stls(kind), box, tls=tls,
                              implicit=name == "implicit")
        t.add(provider, label=name, host=HOST, tls=name, user=name)
        t.now(label=name)
        t.no_secret(provider.sessions[-1].in_clear, name)
        t.true(name == "starttls" or not provider.sessions[-1].in_clear,
               "bytes in clear")
    t.here(datas)


@test("F06/A22/without-stls-no-secret-leaves")
def no_stls(t):
    class Refuses(Stls):
        def do_STLS(self, _rest):
            self.say(b"-ERR not now")

    class Unasked(Session):         # A22: as if it had been switched
        def greeting(self):
            self.say(b"+OK ready")
            self.say(b"+OK")
            self.say(b"STLS")
            self.say(b".")

    class NoCapa(Session):
        def do_CAPA(self, _rest):
            self.say(b"-ERR no such command")
    for name, session in (("omitted", Session), ("refused", Refuses),
                          ("no-capa", NoCapa), ("unasked", Unasked)):
        provider = t.provider(session, t.box(letters(name, 1)),
                              tls=t.certs.context("good"))
        t.add(provider, label=name, host=HOST, tls="starttls")
        t.now(*(("no-tls", "nonsense", "closed", "tls")
                if name == "unasked" else ("no-tls",)), label=name)
        t.no_secret(provider.received())
        for word in ("USER", "PASS", "AUTH", "APOP"):
            t.true(not provider.words()[word], name, word, "was sent")
    t.here([])


@test("F07/A21/words-before-the-handshake-are-not-believed")
def injected(t):
    class Injects(Stls):
        pause = 0.0
        injected = b"+OK injected\r\n" * 4

        def do_STLS(self, _rest):
            if self.pause:
                self.push(b"+OK begin\r\n")
                time.sleep(self.pause)
                self.push(self.injected)
            else:
                self.push(b"+OK begin\r\n" + self.injected)
            self.start_tls()
    capa = b"+OK\r\nUSER\r\nPIPELINING\r\n.\r\n"
    for name, pause, words in (
            ("at-once", 0.0, Injects.injected), ("later", 0.3,
                                                 Injects.injected),
            ("capa", 0.0, capa), ("error", 0.0, b"-ERR x\r\n"),
            ("one-byte", 0.0, b"+")):
        session = type(name, (Injects,), {"pause": pause, "injected": words})
        box = t.box(letters(name, 2))
        provider = t.provider(session, box, tls=t.certs.context("good"))
        t.add(provider, label=name, host=HOST, tls="starttls",
              delete="--delete-after 0")
        t.now("nonsense", "tls", "closed", label=name)
        t.no_secret(provider.received())
        words = provider.words()
        t.true(not words["RETR"] and not words["DELE"], words)
    t.here([])


@both("F09/A25/certificates-that-nobody-may-trust")
def certificates(t, kind):
    for name, (why, *_) in BAD.items():
        for tls in ("starttls", "implicit"):
            label = name + "-" + tls
            provider = t.provider(with_stls(kind),
                                  kind.box(t, letters(label, 1)),
                                  tls=t.certs.context(name),
                                  implicit=tls == "implicit")
            t.add(provider, label=label, host=HOST, tls=tls)
            try:
                t.now("distrusted", label=label)
            except Fault as fault:
                raise Fault("%s (%s): %s" % (label, why, fault)) from fault
            t.no_secret(provider.received())
    t.here([])


@test("F09/certificates-that-are-trusted")
def good_certificates(t):
    datas = letters("trusted", 3)
    for i, (name, host) in enumerate((("good", HOST), ("wildcard", HOST),
                                      ("address", "127.0.0.1"))):
        t.add(t.provider(Session, t.box([datas[i]], user=name),
                         tls=t.certs.context(name), implicit=True),
              label=name, host=host, tls="implicit", user=name)
        t.now(label=name)
    t.here(datas)


@both("F09/a-pin-trusts-one-certificate-and-no-other")
def pins(t, kind):
    datas = []
    for name in ("self-signed", "expired", "wrong-host", "unknown-authority"):
        datas += letters(kind.mark + "pin-" + name, 1)
        t.add(t.provider(kind.session, kind.box(t, datas[-1:], user=name),
                         tls=t.certs.context(name), implicit=True),
              "--pin", t.certs.print(name), label=name, host=HOST,
              tls="implicit", user=name)
        t.now(label=name)
    # the pin is of another one, though everybody else would trust this
    provider = t.provider(kind.session, kind.box(t, letters("pin-other", 1)),
                          tls=t.certs.context("good"), implicit=True)
    t.add(provider, "--pin", t.certs.print("self-signed"), label="other",
          host=HOST, tls="implicit")
    t.now("distrusted", label="other")
    t.no_secret(provider.received())
    t.here(datas)


@test("F09/the-print-of-what-was-shown-is-said")
def prints(t):
    for name in ("self-signed", "good"):
        t.add(t.provider(Session, t.box(), tls=t.certs.context(name),
                         implicit=True),
              label=name, host=HOST, tls="implicit")
        row = t.now("done", "distrusted", label=name, verb="test")
        t.true(row["print"] == t.certs.print(name), name, row["print"])


@test("F52/a-certificate-out-of-its-time-tells-this-machines-clock")
def clock_told(t):
    for name in ("expired", "not-yet"):
        t.add(t.provider(Session, t.box(), tls=t.certs.context(name),
                         implicit=True),
              label=name, host=HOST, tls="implicit")
        _, text, _ = t.command("fetch", "now", "%s@%s" % (t.owner, DOMAIN),
                               "--label", name)
        t.true(time.strftime("%Y") in text, name, "is told as:", text)


@test("F48/what-is-offered-is-asked-anew-after-tls")
def capabilities_change(t):
    class Changes(Stls):
        def __init__(self, provider, connection):
            super().__init__(provider, connection)
            self.watched = False

        def capabilities(self):
            if not self.is_tls():
                yield from (b"STLS", b"PIPELINING", b"UIDL", b"TOP", b"USER",
                            b"SASL CRAM-MD5")
            else:
                yield from (b"USER", b"UIDL", b"TOP")

        def do_CAPA(self, rest):
            self.watched = self.is_tls()
            super().do_CAPA(rest)

        def obey(self, line):
            if self.watched:
                time.sleep(0.01)
                self.socket.settimeout(0.0)
                try:
                    self.receive()
                except Hangup:      # nothing has come: well
                    pass
                self.socket.settimeout(60.0)
                self.crowded = self.crowded or bool(self.buffer)
            super().obey(line)
    datas = letters("changes", 8)
    provider = t.provider(Changes, t.box(datas), tls=t.certs.context("good"))
    t.add(provider, host=HOST, tls="starttls")
    t.now()
    session = provider.sessions[-1]
    words = session.words()
    t.true("CAPA" in words[words.index("STLS"):], "CAPA is not asked again")
    t.true("AUTH" not in words, "a mechanism of before the handshake is used")
    t.true(not session.crowded, "pipelined, though that is not offered now")
    t.here(datas)


@test("F48/no-referral-is-followed")
def referral(t):
    other = t.provider(Session, t.box(letters("other", 1)))

    class Refers(Session):
        def let_in(self, box, is_right):
            self.say(b"-ERR [REFERRAL pop3://127.0.0.1:%d/] go there"
                     % other.port)
    t.add(t.provider(Refers, t.box()))
    t.now("refused", "busy")
    t.true(not other.sessions, "it went there")


@test("A24/a-handshake-that-never-ends", slow=True)
def endless_handshake(t):
    class Hangs(Stls):
        def do_STLS(self, _rest):
            self.push(b"+OK begin\r\n")
            self.fall_silent()
    datas = letters("hangs", 2)
    provider = t.provider(Hangs, t.box(letters("hung", 2)),
                          tls=t.certs.context("good"))
    t.add(provider, label="hangs", host=HOST, tls="starttls")
    t.add(t.provider(Session, t.box(datas, user="beside")), label="beside",
          user="beside")
    began = time.monotonic()
    t.now("timed-out", "tls", label="hangs")
    t.true(time.monotonic() - began < 240, "it takes too long")
    t.no_secret(provider.received())
    t.now(label="beside")
    t.here(datas)


@test("A24/a-connection-that-is-not-taken", slow=True)
def not_taken(t):
    # a full backlog: the system answers no further SYN
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    stuck = []
    for _ in range(8):
        other = socket.socket()
        other.setblocking(False)
        other.connect_ex(listener.getsockname())
        stuck.append(other)
    provider = t.provider(Session, t.box())
    provider.port = listener.getsockname()[1]
    t.add(provider)
    row = t.fetch("now")[0]
    t.true(row["result"] in ("timed-out", "unreachable"), row)
    for other in stuck:
        other.close()
    listener.close()
