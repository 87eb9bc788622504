"""Sessions of TLS are resumed: certificates are carried once a day, not each time.

The provider says whether a session was resumed.  What one is bound to, and for
how long it is good, is talk_session_test.c's.
"""

from certs import HOST
from either import Pop3, both, with_stls
from harness import DOMAIN, letter, test


def resumed(provider):
    return [session.resumed for session in provider.sessions]


def added(t, kind, implicit, name="good"):
    """A mailbox over TLS, and what is there already."""
    box = kind.box(t, [letter(kind.mark + "again-%s-0" % implicit)])
    provider = t.provider(kind.session if implicit else with_stls(kind), box,
                          tls=t.certs.context(name), implicit=implicit)
    t.add(provider, host=HOST, tls="implicit" if implicit else "starttls",
          label="tls")
    return provider


def again(t, implicit, kind):
    provider = added(t, kind, implicit)
    t.now()
    t.now()
    t.true(resumed(provider) == [False, True], resumed(provider))
    # whoever collects next is another process
    t.hub.kill_role("fetch", t.hub.accounts[t.owner])
    t.now()
    t.true(resumed(provider) == [False, True, True], resumed(provider))
    # who only tries is shown the certificate
    t.now(verb="test")
    t.now()
    t.true(resumed(provider) == [False, True, True, False, True],
           resumed(provider))
    t.here([letter(kind.mark + "again-%s-0" % implicit)])


@both("tls-again/starttls/the-second-collection-is-shown-no-certificate")
def starttls(t, kind):
    again(t, False, kind)


@both("tls-again/implicit/the-second-collection-is-shown-no-certificate")
def implicit_tls(t, kind):
    again(t, True, kind)


def pin(t, print_):
    status, text, complaints = t.command(
        "fetch", "set", "%s@%s" % (t.owner, DOMAIN), "--label", "tls",
        "--pin", print_)
    t.true(status == 0, "fetch set:", text, complaints)


@both("tls-again/with-another-pin-it-is-shown-anew")
def pinned(t, kind):
    provider = added(t, kind, True)
    t.now()
    t.now()
    pin(t, t.certs.print("good"))
    t.now()
    t.now()
    t.true(resumed(provider) == [False, True, False, True], resumed(provider))
    pin(t, t.certs.print("wildcard"))
    t.now("distrusted")
    t.true(not provider.sessions[-1].resumed, "it was resumed")
    t.here([letter(kind.mark + "again-True-0")])


@test("tls-again/two-mailboxes-have-their-own")
def apart(t):
    """Each account resumes what it was given itself."""
    provider = added(t, Pop3, True)
    provider.boxes.update({b"other": Pop3.box(t, user="other")})
    t.add(provider, host=HOST, tls="implicit", label="other", user="other")
    t.now(label="tls")
    t.now(label="other")
    t.true(resumed(provider) == [False, False], resumed(provider))
    t.now(label="tls")
    t.now(label="other")
    t.true(resumed(provider) == [False, False, True, True], resumed(provider))
    t.here([letter("again-True-0")])


@both("tls-again/a-server-that-cannot-resume-is-called-without")
def breaks(t, kind):
    class Breaks(kind.session):
        def start_tls(self):
            super().start_tls()
            if self.resumed:
                self.hang_up()
    data = letter(kind.mark + "again-breaks")
    provider = t.provider(Breaks, kind.box(t, [data]), implicit=True,
                          tls=t.certs.context("good"))
    t.add(provider, host=HOST, tls="implicit")
    t.now()
    t.now()
    t.true(resumed(provider) == [False, True, False], resumed(provider))
    t.here([data])
