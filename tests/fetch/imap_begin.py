"""IMAP until the login: connecting, greeting, TLS, names, secrets."""

import threading
import time

from certs import HOST
from harness import ImapSession, letters, test
from names import at_name, until_done


@test("F02/imap/silence-times-out-and-delays-nobody", slow=True)
def silence(t):
    class AtOnce(ImapSession):
        def greeting(self):
            self.fall_silent()

    class AfterLogin(ImapSession):
        def do_EXAMINE(self, _rest):
            self.fall_silent()

    class InListing(ImapSession):
        def rows(self):
            super().rows()
            self.fall_silent()
    datas = letters("imap-beside", 3)
    ends = {}
    threads = []
    for session in (AtOnce, AfterLogin, InListing):
        label = session.__name__
        t.add(t.provider(session, t.imap_box(letters(label, 2), user=label)),
              label=label, user=label)
        threads.append(threading.Thread(target=lambda label=label: ends.update(
            {label: t.fetch("now", label)[0]["result"]})))
    t.add(t.provider(ImapSession, t.imap_box(datas, user="beside")),
          label="beside", user="beside")
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    row = t.fetch("now", "beside")[0]
    t.true(row["result"] == "done", row)
    t.true(not ends, "the other one was delayed")
    for thread in threads:
        thread.join()
    t.true(set(ends.values()) == {"timed-out"} and len(ends) == 3, ends)
    t.here(datas)


# --- the login ---------------------------------------------------------------

@test("F05/imap/the-connection-breaks-during-the-login")
def broken_login(t):
    class Breaks(ImapSession):
        def do_AUTHENTICATE(self, _rest):
            self.hang_up()
    t.add(t.provider(Breaks, t.imap_box(letters("breaks", 1))))
    t.now("closed")


@test("login/imap/each-mechanism")
def mechanisms(t):
    class All(ImapSession):
        mechanisms = (b"PLAIN", b"CRAM-MD5")
    datas = []
    for name, word in (("auto", "AUTHENTICATE"), ("plain", "AUTHENTICATE"),
                       ("login", "LOGIN"), ("cram-md5", "AUTHENTICATE")):
        datas += letters("imap-by-" + name, 2)
        provider = t.provider(All, t.imap_box(datas[-2:], user="at-" + name))
        t.add(provider, "--mechanism", name, label=name, user="at-" + name)
        t.now(label=name)
        t.true(provider.words()[word] == 1, name, provider.words())
    t.here(datas)


@test("login/imap/without-sasl-ir-and-with-logindisabled")
def other_servers(t):
    class Waits(ImapSession):
        extensions = ()

    class OnlyLogin(ImapSession):
        mechanisms = ()

    class Nothing(ImapSession):
        mechanisms = ()
        login = False
    datas = letters("imap-other", 2)
    for i, session in enumerate((Waits, OnlyLogin)):
        name = "other-%d" % i
        t.add(t.provider(session, t.imap_box([datas[i]], user=name)),
              label=name, user=name)
        t.now(label=name)
    provider = t.provider(Nothing, t.imap_box(user="nothing"))
    t.add(provider, label="nothing", user="nothing")
    t.now("mechanism", label="nothing")
    t.no_secret(provider.received(), "nothing")
    t.here(datas)


@test("login/imap/names-and-passwords-with-odd-characters")
def odd_names(t):
    user, password = 'o"d d%40:@/\\', 'p%41:@/ "\\ \u00e4'.encode()
    secret = t.hub.folder + "/secret-" + t.owner
    with open(secret, "wb") as file:
        file.write(password + b"\n")
    ascii_password = b'p%41:@/ "\\ {3}'
    other = secret + "-ascii"
    with open(other, "wb") as file:
        file.write(ascii_password + b"\n")
    datas = letters("imap-odd", 3)
    for name, word, where in (("plain", password, secret),
                              ("login", ascii_password, other),
                              ("auto", password, secret)):
        t.add(t.provider(ImapSession, t.imap_box(
            [datas.pop(0)], user=user, password=word)),
              "--mechanism", name, label=name, user=user, secret=where)
        t.now(label=name)
    t.here(letters("imap-odd", 3))


@test("F49/imap/challenges-that-are-none")
def odd_challenges(t):
    for name, lines in (
            ("endless", (b"+ " + b"QUJD" * (1 << 18),)),
            ("not-base64", (b"+ ***not*base64***",)),
            ("binary", (b"+ \x00\xff\xfe",)),
            ("many", (b"+ PDEuMkBwPg==",) * 5)):
        for mechanism in ("cram-md5", "plain"):
            class Challenges(ImapSession):
                mechanisms = (b"PLAIN", b"CRAM-MD5")
                extensions = ()

                def do_AUTHENTICATE(self, _rest, lines=lines):
                    for line in lines:
                        self.say(line)
                        self.line()
                    self.no(b"enough")
            label = name + "-" + mechanism
            t.add(t.provider(Challenges, t.imap_box(letters(label, 1))),
                  "--mechanism", mechanism, label=label)
            t.now("refused", "nonsense", "closed", "mechanism",
                  "inconsistent", label=label)
    t.here([])


# --- TLS ---------------------------------------------------------------------

class Stls(ImapSession):
    stls = True


@test("F06/imap/without-starttls-no-secret-leaves")
def no_starttls(t):
    class Refuses(Stls):
        def do_STARTTLS(self, _rest):
            self.no(b"not now")

    class Bad(Stls):
        def do_STARTTLS(self, _rest):
            self.bad(b"what?")
    for name, session in (("omitted", ImapSession), ("refused", Refuses),
                          ("bad", Bad)):
        provider = t.provider(session, t.imap_box(letters(name, 1)),
                              tls=t.certs.context("good"))
        t.add(provider, label=name, host=HOST, tls="starttls")
        t.now("no-tls", label=name)
        t.no_secret(provider.received())
        for word in ("LOGIN", "AUTHENTICATE"):
            t.true(not provider.words()[word], name, word, "was sent")
    t.here([])


@test("F07/imap/words-before-the-handshake-are-not-believed")
def injected(t):
    class Injects(Stls):
        pause = 0.0
        injected = b"* OK injected\r\n" * 4

        def do_STARTTLS(self, _rest):
            said = self.tag + b" OK begin\r\n"
            if self.pause:
                self.push(said)
                time.sleep(self.pause)
                self.push(self.injected)
            else:
                self.push(said + self.injected)
            self.start_tls()
    for name, pause, words in (
            ("at-once", 0.0, Injects.injected),
            ("later", 0.3, Injects.injected),
            ("capability", 0.0, b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"),
            ("preauth", 0.0, b"* PREAUTH come in\r\n"), ("one-byte", 0.0,
                                                         b"*")):
        session = type(name, (Injects,), {"pause": pause, "injected": words})
        provider = t.provider(session, t.imap_box(letters(name, 2)),
                              tls=t.certs.context("good"))
        t.add(provider, label=name, host=HOST, tls="starttls",
              delete="--delete-after 0")
        t.now("nonsense", "tls", "closed", label=name)
        t.no_secret(provider.received())
        words = provider.words()
        t.true(not words["UID FETCH"] and not words["UID STORE"], words)
    t.here([])


@test("F08/imap/preauth-is-nobodys-login")
def preauth(t):
    """
    STARTTLS cannot be said any more: what is read then is read in clear, and
    what the server calls our mailbox need not be ours.
    """
    class Preauth(Stls):
        def greeting(self):
            self.box = next(iter(self.provider.boxes.values()))
            with self.box.lock:
                self.box.together += 1
            self.data(b"PREAUTH you are in")
    for tls, implicit, results in (
            ("starttls", False, ("no-tls", "nonsense")),
            ("implicit", True, ("nonsense",)), ("none", False, ("nonsense",))):
        provider = t.provider(Preauth, t.imap_box(letters("pre-" + tls, 2)),
                              tls=t.certs.context("good"), implicit=implicit)
        t.add(provider, label=tls, host=HOST, tls=tls)
        t.now(*results, label=tls)
        t.no_secret(provider.received())
        words = provider.words()
        t.true(not words["SELECT"] and not words["EXAMINE"], words)
    t.here([])


@test("F48/imap/what-is-offered-is-asked-anew-after-tls-and-login")
def capabilities_change(t):
    class Changes(Stls):
        """
        Before TLS: a mechanism that is not there.  Before the login: COMPRESS
        and UIDPLUS that are not there after it.
        """
        mechanisms = (b"CRAM-MD5",)

        def capabilities(self):
            if not self.is_tls():
                yield from (b"IMAP4rev1", b"STARTTLS", b"AUTH=CRAM-MD5",
                            b"SASL-IR")
            elif self.box is None:
                yield from (b"IMAP4rev1", b"COMPRESS=DEFLATE", b"UIDPLUS")
            else:
                yield b"IMAP4rev1"

        def let_in(self, box, is_right):
            super().let_in(box, is_right)
            self.out = [line.replace(b"[CAPABILITY IMAP4rev1] ", b"")
                        for line in self.out]       # it has to be asked
    datas = letters("imap-changes", 4)
    provider = t.provider(Changes, t.imap_box(datas),
                          tls=t.certs.context("good"))
    t.add(provider, host=HOST, tls="starttls", delete="--delete-after 0")
    t.now()
    words = provider.sessions[-1].words()
    t.true("CAPABILITY" in words[words.index("STARTTLS"):], "not asked again")
    for word in ("AUTHENTICATE", "COMPRESS", "UID EXPUNGE", "ID"):
        t.true(word not in words, word, "was said, though not offered")
    t.here(datas)


@test("F48/imap/no-referral-is-followed")
def referral(t):
    other = t.provider(ImapSession, t.imap_box(letters("other", 1)))

    class Refers(ImapSession):
        def let_in(self, box, is_right):
            self.no(b"[REFERRAL imap://127.0.0.1:%d/] go there" % other.port)

    class Moves(ImapSession):
        def do_EXAMINE(self, _rest):
            self.no(b"[REFERRAL imap://127.0.0.1:%d/INBOX] go there"
                    % other.port)
    for name, session in (("login", Refers), ("folder", Moves)):
        t.add(t.provider(session, t.imap_box()), label=name)
        t.now("refused", "busy", "inconsistent", label=name)
    t.true(not other.sessions, "it went there")


@test("F45/imap/a-dead-address-before-a-living-one")
def dead_address(t):
    datas = letters("imap-dead", 2)
    t.add(t.provider(ImapSession, t.imap_box(datas)),
          host=at_name(t, "imap-dead", ["127.0.0.3", "127.0.0.1"]))
    t.now()
    t.here(datas)


@test("F46/imap/a-name-that-does-not-resolve-and-then-does")
def dns_fails(t):
    name = at_name(t, "imap", "servfail")
    datas = letters("imap-name", 2)
    t.add(t.provider(ImapSession, t.imap_box(datas)), host=name)
    t.now("unreachable", "timed-out")
    t.place.names.table[name] = ["127.0.0.1"]
    until_done(t)
    t.here(datas)
