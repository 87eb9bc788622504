"""Access tokens that end while mail is collected (HARDENING F47).

A token server of ours is asked as by RFC 8628 and RFC 6749; the providers are
those of every other test, but for a login with what that server gives out
(XOAUTH2).  Whatever ends it, mail that is here is not carried again, what is
not here stays there, and the next token goes on where the last one ended.
"""

import base64
import os
import subprocess
import sys
import time

from harness import DOMAIN, HERE, Fault, ImapSession, Session, letters, test

sys.path.append(os.path.join(HERE, os.pardir, "peers"))

# pylint: disable=wrong-import-position
from oauth import SECRET, State, free_ports, serve      # noqa: E402

GUARD = 180.0
REFUSED = base64.b64encode(b'{"status":"401","schemes":"bearer"}')


class Bearer:
    """A login with a token that is good as long as the state says so."""

    def owner(self, answer):
        """RFC 6750's token in the one line of XOAUTH2: whose mailbox."""
        user, _, rest = base64.b64decode(answer).partition(b"\1")
        token = rest.partition(b"\1")[0].removeprefix(b"auth=Bearer ")
        user = user.removeprefix(b"user=")
        with self.provider.state.lock:
            known = self.provider.state.access.get(token.decode())
        is_right = known is not None and known == user.decode()
        return self.provider.boxes.get(user) if is_right else None

    def bearer(self, rest):
        mechanism, _, answer = rest.partition(b" ")
        if mechanism.upper() != b"XOAUTH2":
            raise Fault("a login by %r" % mechanism)
        if not answer:
            self.say(b"+ ")
            answer = self.line()
        box = self.owner(answer)
        if box is None:         # it is told why, and says that it knows
            self.say(b"+ " + REFUSED)
            self.line()
        self.let_in(box, box is not None)


class Pop3Bearer(Bearer, Session):
    mechanisms = (b"XOAUTH2",)
    user_pass = False

    def do_AUTH(self, rest):
        self.bearer(rest)


class ImapBearer(Bearer, ImapSession):
    mechanisms = (b"XOAUTH2",)
    login = False

    def do_AUTHENTICATE(self, rest):
        self.bearer(rest)


class Tokens:
    """The token server of one test, registered under the owner's name."""

    def __init__(self, t):
        self.t = t
        self.state = State()
        port, = free_ports(1)
        serve(self.state, port, t.certs.context("address"))
        secret = os.path.join(t.hub.folder, "client-" + t.owner)
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET + "\n")
        url = "https://127.0.0.1:%d" % port
        self.name = "at-%d" % port      # no other test has it
        self.run("oauth", "set", self.name, "--client-id", "the office",
                 "--client-secret-file", secret, "--token-url",
                 url + "/token", "--device-url", url + "/device",
                 "--scope", "mail offline")

    def run(self, *words):
        status, text, complaints = self.t.command(*words)
        if status != 0:
            raise Fault("%s: %s%s" % (" ".join(words[:2]), text, complaints))

    def consented(self, *words):
        """The command asks for consent, and its owner gives it."""
        with self.state.lock:
            self.state.user = self.t.owner
        process = subprocess.Popen(
            [os.path.join(self.t.hub.bin, "postroom"), "-c",
             self.t.hub.conf, *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "LC_ALL": "C", "DISPLAY": ""})
        text = ""
        try:
            while "WDJB-MJHT" not in text:
                line = process.stdout.readline()
                if not line:
                    raise Fault("no code is shown: " + text)
                text += line
            with self.state.lock:
                for device in self.state.devices.values():
                    device[2] = True
            text += process.communicate(timeout=GUARD)[0]
        finally:
            process.kill()
            process.wait()
        if process.returncode != 0:
            raise Fault(text)

    def end(self, for_good=False):
        """No token that was given is good any more; or no grant, too."""
        with self.state.lock:
            self.state.access.clear()
            if for_good:
                self.state.refresh.clear()


def collected(t, session, count, **options):
    """(tokens, box, provider, datas) of a mailbox that is to be collected."""
    tokens = Tokens(t)
    datas = letters(t.owner, count)
    if session.protocol == "imap":
        box = t.imap_box(datas)
    else:
        box = t.box(datas)
    provider = t.provider(session, box, tls=t.certs.context("address"),
                          implicit=True)
    provider.state = tokens.state
    words = t.add_words(provider, tls="implicit", **options)
    at = words.index("--password-file")
    words[at:at + 2] = ["--oauth", tokens.name]
    words.remove("--untested")
    tokens.consented(*words)
    return tokens, box, provider, datas


def ends_at(provider, tokens, word, number, for_good=False):
    """
    The connection breaks at that command, and no token is good then.  How
    often one had been renewed is noted.
    """
    seen = [0]

    def step(session, line):
        seen[0] += word in line
        if word in line and seen[0] == number:
            tokens.before = tokens.state.refreshed
            tokens.end(for_good)
            session.hang_up()
    provider.step = step


def until_all(t, box, wanted):
    """Collected until nothing of it waits there; what the last one said."""
    until = time.monotonic() + GUARD
    while True:
        row = t.now("*")
        if row["result"] == "done" and box.uidls() == wanted:
            return row
        if time.monotonic() > until:
            raise Fault("at the provider are %s: %s" % (box.uidls(), row))


def goes_on(t, session, word, number=4):
    """It is renewed once, and the next collection takes the rest."""
    tokens, box, provider, datas = collected(t, session, 8,
                                             delete="--delete-after 0")
    ends_at(provider, tokens, word, number)
    t.now("closed", "done")
    here = t.letters()
    for mail in box.mails:
        t.true(mail.uidl not in box.removed, "listed and removed", mail.uidl)
    t.true(len(here) + len(box.uidls()) >= len(datas),
           "lost:", len(here), "here,", box.uidls(), "there")
    until_all(t, box, [])
    t.here(datas)
    t.once(box)
    t.true(tokens.state.refreshed == tokens.before + 1, "renewed",
           tokens.state.refreshed - tokens.before, "times")
    t.true(not tokens.state.faults, tokens.state.faults)


def revoked(t, session, word):
    """No new token is given: consent is wanted, and nothing is lost."""
    tokens, box, provider, datas = collected(t, session, 6,
                                             delete="--delete-after 0")
    ends_at(provider, tokens, word, 3, for_good=True)
    t.now("closed", "consent")
    t.now("consent")
    logins = len(provider.sessions)
    t.now("consent")
    t.true(len(provider.sessions) == logins, "it logs in without a token")
    t.true(box.uidls() and len(box.uidls()) + len(t.letters()) >= len(datas),
           "there:", box.uidls())
    provider.step = lambda session, line: None
    tokens.consented("fetch", "consent", "%s@%s" % (t.owner, DOMAIN),
                     "remote")
    until_all(t, box, [])
    t.here(datas)
    t.once(box)


@test("F47/a-token-that-ends-between-two-messages")
def pop3_retr(t):
    goes_on(t, Pop3Bearer, b"RETR")


@test("F47/a-token-that-ends-while-it-deletes")
def pop3_dele(t):
    goes_on(t, Pop3Bearer, b"DELE")


@test("F47/a-grant-that-ends-wants-consent-and-loses-nothing")
def pop3_revoked(t):
    revoked(t, Pop3Bearer, b"RETR")


@test("F47/imap/a-token-that-ends-between-two-messages")
def imap_fetch(t):
    goes_on(t, ImapBearer, b"BODY")


@test("F47/imap/a-token-that-ends-while-it-deletes")
def imap_store(t):
    goes_on(t, ImapBearer, b"UID EXPUNGE", 1)


@test("F47/imap/a-grant-that-ends-wants-consent-and-loses-nothing")
def imap_revoked(t):
    revoked(t, ImapBearer, b"BODY")
