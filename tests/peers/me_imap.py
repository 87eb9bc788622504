#!/usr/bin/env python3
"""People at /me with IMAP, consent, and what they must not reach.

usage: as me.py, of which this is the second half, on the same hub; its
tls_ca_file is the certificate of --tls, which the token server here shows.
"""

import http.client
import json
import os
import re
import ssl
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from imap_provider import Folder, ImapBox, ImapMail, ImapSession  # noqa: E402
from me import GUARD, Browser, Tests, arguments, trusting, want    # noqa: E402
from oauth import SECRET, State, free_ports, serve                 # noqa: E402
from provider import Provider                                      # noqa: E402

ENTER = "\ue007"
OTHER = "another password of budi"

# One heading, everything named, every field with its label.
NAMED = """
const bad = [];
if (document.querySelectorAll('h1').length !== 1) bad.push('h1');
if (!document.documentElement.lang) bad.push('lang');
for (const e of document.querySelectorAll(
    'input:not([type=hidden]), select'))
  if (e.labels.length !== 1 || !e.labels[0].textContent.trim())
    bad.push(e.name);
for (const e of document.querySelectorAll('button, a, legend, summary'))
  if (!e.textContent.trim()) bad.push(e.outerHTML);
for (const e of document.querySelectorAll('[aria-describedby]'))
  if (!document.getElementById(e.getAttribute('aria-describedby')))
    bad.push(e.name);
const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
if (new Set(ids).size !== ids.length) bad.push('ids');
return bad;
"""


def letter(number):
    return b"From: z@example.org\r\nSubject: imap %d\r\n\r\nhi\r\n" % number


def box(user):
    mails = [ImapMail("m%d" % n, letter(n), flags=(b"\\Seen",))
             for n in range(1, 4)]
    return ImapBox(user, mails, [Folder("Bills", [
        ImapMail("b1", letter(9))])], password=b"remote")


class ImapTests(Tests):
    """They share the hub with those of me.py, and run in this order."""

    def __init__(self, args):
        super().__init__(args)
        self.provider = Provider(ImapSession, [box("ann")])
        self.state = State()
        self.state.user = "ann"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.tls + "/certificate.pem",
                                args.tls + "/key.pem")
        self.tokens = free_ports(1)[0]
        serve(self.state, self.tokens, context)

    def trickle(self):
        """That is tried once."""

    # --- by hand -------------------------------------------------------------

    def send(self, path, cookie, **fields):
        """POST a form as a page of the hub would; (status, body, location)."""
        wire = http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=trusting(), timeout=GUARD)
        head = {"Content-Type": "application/x-www-form-urlencoded",
                "Origin": "https://127.0.0.1:%d" % self.port}
        if cookie:
            head["Cookie"] = cookie
        wire.request("POST", path, urllib.parse.urlencode(fields), head)
        reply = wire.getresponse()
        return (reply.status, reply.read().decode(),
                reply.headers.get("Location"), reply.headers.get("Set-Cookie"))

    def session_of(self, who, password):
        """(cookie, token of the forms) of a new login."""
        status, _, _, cookie = self.send("/me/login", None, user=who,
                                         password=password)
        want(status == 303 and cookie, status)
        cookie = cookie.split(";")[0]
        _, page, _, _ = self.send("/me/logout", cookie)     # no token: a no
        page = self.page("/me/add?by=imap", cookie)
        found = re.search(r'name="token" value="([0-9a-f]+)"', page)
        want(found, page)
        return cookie, found.group(1)

    def page(self, path, cookie, status=200):
        wire = http.client.HTTPSConnection("127.0.0.1", self.port,
                                           context=trusting(), timeout=GUARD)
        wire.request("GET", path, headers={"Cookie": cookie})
        reply = wire.getresponse()
        page = reply.read().decode()
        want(reply.status == status, path, reply.status, page)
        return page

    def labels(self, who):
        return [row["label"] for row in self.api(who, "fetch list")["result"]]

    # --- what is tested ------------------------------------------------------

    def test_a_known_provider_needs_no_server_to_be_typed(self):
        b = self.browser
        self.log_in(b)
        b.go(self.url + "/me/add")
        b.type("#f-who", "ann@gmail.com")
        b.ask("POST", "/element/%s/value" % b.one("#f-who"), {"text": ENTER})
        b.has("[name=user][value='ann@gmail.com']",
              "[name=host][value='imap.gmail.com']")
        b.sees("Gmail", "imap.gmail.com", "made for mail programs")
        # one that has IMAP only is not asked for by POP3
        b.go(self.url + "/me/add?who=a%40icloud.com&by=pop3")
        b.has("[name=host][value='imap.mail.me.com']",
              "[name=protocol][value=imap]")
        b.go(self.url + "/me/add?provider=gmx&by=pop3")
        b.has("[name=host][value='pop.gmx.net']",
              "[name=protocol][value=pop3]")

    def test_an_imap_mailbox_is_added_tested_and_collected(self):
        b = self.browser
        b.go(self.url + "/me/add")
        b.type("#f-who", "ann@small.example")
        b.click("main form button")
        b.sees("Your provider says what belongs here")
        b.type("[name=host]", "127.0.0.1")
        b.type("[name=user]", "ann")
        b.type("[name=password]", "remote")
        b.type("[name=label]", "small")
        b.click("[name=tls][value=none]")
        b.click("[name=which][value=all]")
        b.click("[name=old][value=all]")
        b.click("[name=on_read]")
        b.click("summary")
        b.type("[name=port]", str(self.provider.port))
        b.click("main form button")
        b.wait(lambda: "/me/run?" in b.url())
        # of all folders together
        b.sees("Works.", "4 messages, ", "are waiting")
        row = self.api("ann", "fetch list", label="small")["result"][0]
        want(row["protocol"] == "imap" and row["folders"] == "all" and
             row["on_read"] == "yes" and row["delete_after"] == "keep", row)
        b.click("main .acts a[href='/me']")
        b.click("[action='/me/now'] button")
        b.sees("Collecting", "Works.")
        folders = json.loads(self.postroom(
            "-c", self.args.conf, "mailbox", "list", "ann@office.test",
            "--folder", "Bills", "--json"))["result"]
        want(len(folders) == 1, folders)

    def test_how_it_does_stands_there_in_plain_words(self):
        b = self.browser
        b.go(self.url + "/me")
        b.sees("Works.", "Last collected:", "Next time:",
               "Mail stays on the server.", "IMAP")

    def test_it_is_changed_and_switched_off(self):
        b = self.browser
        b.click("[href^='/me/change']")
        b.has("[name=which][value=all]:checked", "[name=on_read]:checked",
              "[name=enabled]:checked")
        b.type("[name=label]", "smaller")
        b.click("[name=which][value=some]")
        b.type("[name=folders]", "INBOX, Bills")
        b.click("[name=after][value=days]")
        b.type("[name=after_days]", "9")
        b.click("[name=on_read]")
        b.click("[name=enabled]")
        b.click("main form button")
        b.sees("Works.")
        row = self.api("ann", "fetch list", label="smaller")["result"][0]
        want(row["folders"] == "INBOX, Bills" and row["enabled"] == "no" and
             row["delete_after"] == "9" and row["on_read"] == "no" and
             row["port"] == self.provider.port, row)
        b.go(self.url + "/me")
        b.sees("Switched off.", "after 9 days")
        want(not b.find("[action='/me/now']"), "it could be collected")

    def test_named_folders_want_a_name(self):
        b = self.browser
        b.go(self.url + "/me/change?label=smaller")
        b.type("[name=folders]", "")
        b.click("main form button")
        b.has("[role=alert]", "[name=folders][aria-invalid]")

    def test_another_persons_mailbox_is_nobodys(self):
        cookie, token = self.session_of("budi@office.test", self.password)
        for path in ("/me/change", "/me/remove", "/me/consent"):
            page = self.page(path + "?label=smaller", cookie, 404)
            want("smaller" not in page and self.provider.port, page)
        for path in ("/me/test", "/me/remove", "/me/consent"):
            status, page, _, _ = self.send(path, cookie, token=token,
                                           label="smaller")
            want(status == 404, path, status)
        status, _, _, _ = self.send("/me/change", cookie, token=token,
                                    was="smaller", label="mine", host="x.test",
                                    user="u")
        want(status == 404, status)
        # a run is known by its number, which is guessed
        number = self.api("ann", "fetch test", label="smaller")[
            "result"][0]["run"]
        for guess in range(number - 3, number + 1):
            wire = http.client.HTTPSConnection(
                "127.0.0.1", self.port, context=trusting(), timeout=GUARD)
            wire.request("GET", "/me/run?n=%d&for=test" % guess,
                         headers={"Cookie": cookie})
            want(wire.getresponse().status == 303, guess)
        want(self.labels("ann") == ["smaller"], self.labels("ann"))

    def test_a_wrong_token_or_none_does_nothing(self):
        cookie, token = self.session_of("ann@office.test", self.password)
        _, others = self.session_of("budi@office.test", self.password)
        for wrong in (others, "0" * 64, "", token[:-1], token + "0"):
            for path in ("/me/remove", "/me/consent", "/me/consent/code",
                         "/me/test", "/me/now", "/me/change", "/me/add"):
                status, page, _, _ = self.send(path, cookie, token=wrong,
                                               label="smaller", was="smaller")
                want(status == 403 and "nothing was done" in page, path,
                     status, page)
        want(self.labels("ann") == ["smaller"], self.labels("ann"))

    def test_a_session_that_has_ended_does_nothing(self):
        """It ends with the password it began with, everywhere at once."""
        browser = Browser(self.args.folder, language="id")
        secret = os.path.join(self.args.folder, "other")
        try:
            self.log_in(browser, "budi@office.test")
            browser.go(self.url + "/me/add?by=imap")
            cookie, token = self.session_of("budi@office.test", self.password)
            with open(secret, "w", encoding="ascii") as file:
                file.write(OTHER + "\n")
            self.postroom("-c", self.args.conf, "account", "set",
                          "budi@office.test", "--password-file", secret)
            status, page, _, _ = self.send("/me/add", cookie, token=token,
                                           host="x.test", user="u",
                                           password="p")
            want(status == 403 and "name=\"password\"" in page, status, page)
            browser.type("[name=host]", "x.test")
            browser.type("[name=user]", "u")
            browser.type("[name=password]", "p")
            browser.click("main form button")
            browser.sees("Masuk")
            browser.has("#password")
            want(not browser.find("[name=host]"), browser.text())
        finally:
            browser.close()
        rows = json.loads(self.postroom("-c", self.args.conf, "fetch", "list",
                                        "budi@office.test", "--json"))
        want(rows["result"] == [], rows)

    def register(self, *more):
        secret = os.path.join(self.args.folder, "client")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET + "\n")
        url = "https://127.0.0.1:%d" % self.tokens
        self.postroom("-c", self.args.conf, "oauth", "set", "tokens",
                      "--client-id", "the office", "--client-secret-file",
                      secret, "--token-url", url + "/token", "--scope",
                      "mail offline", *[word.replace("URL", url)
                                        for word in more])

    def add_by_consent(self, label):
        b = self.browser
        b.go(self.url + "/me/add?provider=tokens&by=imap")
        b.has("[name=login][value=consent]:checked")
        b.type("[name=host]", "127.0.0.1")
        b.type("[name=user]", "ann")
        b.type("[name=label]", label)
        b.click("main form button")
        b.wait(lambda: "/me/consent?" in b.url())
        b.sees("Your consent at the provider", label)

    def test_its_owner_says_yes_with_a_code_and_no_script(self):
        self.register("--device-url", "URL/device")
        b = self.browser
        self.add_by_consent("by code")
        b.click("[action='/me/consent'] button")
        b.wait(lambda: "WDJB-MJHT" in b.text())
        link = b.one("ol a")
        for name, value in (("href", "https://127.0.0.1/consent"),
                            ("rel", "noopener noreferrer")):
            got = b.ask("GET", "/element/%s/attribute/%s" % (link, name))
            want(got == value, name, got)
        # too early, it says so
        b.click("form[action='/me/consent'] button")
        b.sees("does not know of your yes yet", "WDJB-MJHT")
        with self.state.lock:
            for device in self.state.devices.values():
                device[2] = True
        # each time it may be too early still; wait() bears that a page goes
        def kept():
            for button in b.find("form[action='/me/consent'] button"):
                b.ask("POST", "/element/%s/click" % button, {})
            return "The permission is kept" in b.text()
        b.wait(kept)
        way = self.api("ann", "fetch way", label="by code")["result"][0]
        want(way["consent"] == "yes", way)
        want(self.state.faults == [], self.state.faults)

    def test_its_owner_says_yes_on_the_providers_page(self):
        self.register("--device-url", "", "--authorize-url", "URL/authorize")
        b = self.browser
        self.add_by_consent("by page")
        b.click("[action='/me/consent'] button")
        b.sees("http://127.0.0.1")
        url = b.ask("GET", "/element/%s/attribute/href" % b.one("ol a"))
        b.type("[name=address]", "https://evil.example/?code=1&state=2")
        b.click("[action='/me/consent/code'] button")
        b.sees("That was not it")
        parts = urllib.parse.urlsplit(url)
        wire = http.client.HTTPSConnection(parts.netloc, context=trusting(),
                                           timeout=GUARD)
        wire.request("GET", parts.path + "?" + parts.query)
        back = wire.getresponse().headers["Location"]
        want(back.startswith("http://127.0.0.1:"), back)
        b.type("[name=address]", back)
        b.click("[action='/me/consent/code'] button")
        b.wait(lambda: "The permission is kept" in b.text())
        way = self.api("ann", "fetch way", label="by page")["result"][0]
        want(way["consent"] == "yes", way)
        want(self.state.faults == [], self.state.faults)

    def test_a_password_is_never_in_a_page(self):
        browser = self.browser
        for path in ("/me", "/me/change?label=smaller",
                     "/me/change?label=by%20code",
                     "/me/consent?label=by%20code"):
            browser.go(self.url + path)
            source = browser.ask("GET", "/source")
            want("remote" not in source and "canary" not in source, path)

    def test_everything_on_a_page_has_its_name(self):
        browser = Browser(self.args.folder, scripts=True)
        try:
            self.log_in(browser)
            for path in ("/me", "/me/add", "/me/add?by=imap",
                         "/me/add?provider=google&by=pop3",
                         "/me/add?provider=tokens&by=imap",
                         "/me/change?label=smaller",
                         "/me/remove?label=smaller",
                         "/me/consent?label=by%20code"):
                browser.go(self.url + path)
                bad = browser.run(NAMED)
                want(bad == [], path, bad)
        finally:
            browser.close()

    def test_it_is_removed(self):
        b = self.browser
        for label in ("by code", "by page", "smaller"):
            b.go(self.url + "/me/remove?label=" + urllib.parse.quote(label))
            b.click("[action='/me/remove'] button")
            b.sees("Your mailboxes elsewhere")
            want(label not in self.labels("ann"), label)

    def test_whom_the_postmaster_forbids_it_may_do_nothing(self):
        b = self.browser
        self.postroom("-c", self.args.conf, "account", "set",
                      "ann@office.test", "--fetch", "no")
        b.go(self.url + "/me")
        b.sees("Nothing is held for you.")
        b.go(self.url + "/me/add")
        b.sees("does not let people")
        for name in ("fetch list", "fetch health", "fetch now",
                     "fetch providers"):
            want(self.api("ann", name).get("error") == "refused", name)
        rows = json.loads(self.postroom("-c", self.args.conf, "account",
                                        "list", "--json"))["result"]
        want({row["address"]: row["fetch"] for row in rows} == {
            "ann@office.test": "no", "budi@office.test": "default",
            "postmaster@office.test": "default"}, rows)
        self.postroom("-c", self.args.conf, "account", "set",
                      "ann@office.test", "--fetch", "default")
        b.go(self.url + "/me")
        b.sees("There is none yet.")


if __name__ == "__main__":
    sys.exit(ImapTests(arguments()).run())
