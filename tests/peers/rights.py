#!/usr/bin/env python3
"""Who may ask what: every request of the console table, by everybody.

usage: as me.py, without a browser

The table is read from policy/admin.c: a request that has no row here, and a
row whose request is gone, fail the test.  Nobody but the postmaster gets beyond
what is their own, whatever they write there.
"""

import base64
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, os.pardir, os.pardir)
sys.path.append(os.path.join(HERE, os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from imap_provider import ImapBox, ImapMail, ImapSession           # noqa: E402
from me import GUARD, Failure, arguments, trusting, want           # noqa: E402
from oauth import SECRET, State, free_ports, serve                 # noqa: E402
from provider import Provider                                      # noqa: E402

NOBODY = "n0n0n0n0n0n0n0n0n0n0n0n0n0"       # no message has this id
REMOTE = {"host": "127.0.0.1", "tls": "none", "user": "u", "password": "p",
          "port": 9, "from": "new", "enabled": "no"}

# Of the postmaster alone: what is asked.  What would change the hub names
# something that is not there.
POSTMASTERS = {
    "account add": {"address": "new@elsewhere.test", "password": "12345678"},
    "public add": {"address": "new@elsewhere.test"},
    "account list": {},
    "account set": {"address": "budi@office.test", "name": "Budi"},
    "account remove": {"address": "nobody@office.test"},
    "account find": {"asks": "a budi@office.test\n"},
    "status": {},
    "oauth set": {"provider": "nowhere"},
    "oauth list": {},
    "oauth remove": {"provider": "nowhere"},
    "fetch rules": {"address": "budi", "label": "budis"},
    "fetch known": {"address": "budi", "label": "none", "uidls": "u\n"},
    "fetch resume": {},
    "line status": {},
    "line open": {"minutes": 0},
    "line report": {"month": 202611},
    "mailbox list": {"address": "budi@office.test"},
    "mailbox folders": {"address": "budi@office.test"},
    "mailbox rights": {"address": "budi@office.test", "folder": "INBOX"},
    "mailbox session": {"address": "nobody@office.test"},
    "hold list": {},
    "domain add": {"domain": "branch.test", "kind": "shared"},
    "domain set": {"domain": "nowhere.test", "kind": "ours"},
    "domain list": {},
    "queue list": {},
    "queue file": {"id": "06gywnjy02nf1qp7"},
    "queue hold": {"id": "06gywnjy02nf1qp7"},
    "queue release": {"id": "06gywnjy02nf1qp7"},
    "queue retry": {"id": "06gywnjy02nf1qp7"},
    "queue reroute": {"id": "06gywnjy02nf1qp7", "via": "far.test"},
    "queue bounce": {"id": "06gywnjy02nf1qp7"},
    "queue remove": {"id": "06gywnjy02nf1qp7"},
    "device add": {"address": "192.0.2.1", "sender": "budi@office.test"},
    "device list": {},
    "device remove": {"address": "192.0.2.2"},
    "dkim add": {"domain": "elsewhere.test", "selector": "s",
                 "algorithm": "ed25519"},
    "dkim list": {},
    "dkim remove": {"domain": "elsewhere.test", "selector": "s"},
    "alias add": {"address": "elsewhere@office.test",
                  "targets": "budi@office.test"},
    "alias set": {"address": "elsewhere@office.test",
                  "targets": "budi@office.test"},
    "alias list": {},
    "alias remove": {"address": "elsewhere@office.test"},
    "list add": {"address": "elsewhere-l@office.test",
                 "targets": "budi@office.test"},
    "list set": {"address": "elsewhere-l@office.test", "post": "anyone"},
    "list list": {},
    "list remove": {"address": "elsewhere-l@office.test"},
    "gateway add": {"domain": "branch.test", "host": "192.0.2.7"},
    "gateway list": {},
    "gateway set": {"domain": "branch.test", "max_days": 3},
    "gateway remove": {"domain": "branch.test"},
    "visitor list": {},
    "visitor forgive": {"net": "192.0.2.1"},
    "visitor grey": {},
    "hold show": {"id": NOBODY},
    "hold release": {"id": NOBODY},
    "hold delete": {"id": NOBODY},
    "hold digest": {},
    "fetch doctor": {"address": "budi", "label": "budis"},
    "fetch diagnosis": {"run": 1},
}

# Of people, too: what is asked beside whose and which mailbox it is.
PERSONS = {
    "fetch add": {"label": "more", **REMOTE},
    "fetch list": {},
    "fetch set": {"largest": 1000000},
    "fetch before": {"rules": "size > 1M -> leave\n"},
    "fetch way": {"proxy": "none"},
    "fetch consent": {"step": "look"},
    "fetch providers": {},
    "fetch now": {},
    "fetch everything": {},
    "fetch test": {},
    "fetch progress": {"run": 1, "seen": 0},
    "fetch health": {},
    "fetch remove": {},
    "fetch body": {"id": "0123456789abcdef"},
}
# The same, about the host by which their mail leaves.
HOSTS = {
    "smarthost set": {"host": "smtp.isp.test:587", "user": "u",
                      "password": "p"},
    "smarthost list": {},
    "smarthost remove": {},
}
# The same, about what they have sent and can take back.
RECALLS = {
    "recall list": {},
    "recall take": {"id": "06gywnjy02nf1qp7"},
}
# Of people alone, of what is held for them.
THEIRS = {
    "held list": {},
    "held show": {"id": "06gywnjy02nf1qp7"},
    "held release": {"id": "06gywnjy02nf1qp7"},
    "held spam": {"id": "06gywnjy02nf1qp7"},
}
# Of everybody, about their own list.
LISTS = {
    "sender allow": {"sender": "zoe@far.test"},
    "sender block": {"sender": "@far.test"},
    "sender list": {},
    "sender remove": {"sender": "zoe@far.test"},
}
# The same, about where their mail goes besides.
FORWARDS = {
    "forward set": {"target": "me@far.test"},
    "forward list": {},
    "forward remove": {},
}
# Of whoever has a link that the hub has signed, and comes by it.
LINKED = {
    "held open": {"link": "0" * 86},
    "held accept": {"link": "0" * 86},
    "held disown": {"link": "0" * 86},
}
# They name a new mailbox, a message, a run, or nothing.
NAMELESS = ("fetch add", "fetch body", "fetch progress", "fetch providers")
HIDDEN = ("refused", "no-such")


def table():
    """{request: who may make it}, as the hub has it."""
    with open(os.path.join(ROOT, "policy", "admin.c"),
              encoding="utf-8") as file:
        rows = re.split(r"^\{ (?=\")", file.read().split(
            "admin_requests[] = {")[1].split("\n{ 0 }\n};")[0], flags=re.M)
    return {re.match(r'"([^"]+)"', row).group(1):
            re.search(r"PERSON_TOO|EVERYBODY|ADMIN_BY_\w+", row).group()
            for row in rows[1:]}


class Rights:
    """The tests share one hub, and run in the order they stand."""

    def __init__(self, args):
        self.args = args
        self.port = args.base + 443
        with open(os.path.join(args.folder, "password"),
                  encoding="ascii") as file:
            self.password = file.readline().strip()
        with open(args.conf, encoding="utf-8") as file:
            self.control = re.search(r'^run_dir *= *"([^"]+)"', file.read(),
                                     re.M).group(1) + "/control"

    def ask(self, who, name, fields):
        """By the control socket, when nobody; else over HTTPS."""
        line = json.dumps({"request": name, "args": fields})
        if who is None:
            with socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(GUARD)
                wire.connect(self.control)
                wire.sendall(line.encode() + b"\n")
                return json.loads(wire.makefile().readline())
        head = {"Content-Type": "application/json"}
        if who:
            head["Authorization"] = "Basic " + base64.b64encode(
                ("%s:%s" % (who, self.password)).encode()).decode()
        request = urllib.request.Request(
            "https://127.0.0.1:%d/api" % self.port, method="POST",
            data=line.encode(), headers=head)
        try:
            with urllib.request.urlopen(request, context=trusting(),
                                        timeout=GUARD) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as fault:
            return json.load(fault)

    def code(self, who, name, fields):
        answer = self.ask(who, name, fields)
        return "ok" if answer["ok"] else answer["error"]

    def of_budi(self):
        return [self.ask(None, name, {"address": "budi@office.test"})
                for name in ("fetch list", "fetch before", "fetch way")]

    def postroom(self, *words, code=0, hears=b""):
        with subprocess.Popen(
                [os.path.join(self.args.bin, "postroom"), *words],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, bufsize=0) as process:
            self.look_at(process.pid)
            text = b""
            while True:
                part = process.stdout.read(65536)
                if not part:
                    break
                text += part
                if hears and hears in text:
                    self.look_at(process.pid)
                    self.consent()
                    hears = b""
            want(process.wait(GUARD) == code, words, process.returncode,
                 text.decode())
        return text.decode()

    def look_at(self, pid):
        """No password in what every process here may see of this one."""
        for name in ("cmdline", "environ"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                return          # it has ended
            want(self.password.encode() not in words, name)
            want(not any(b"canary" in word for word in words), name)

    # --- what is tested ------------------------------------------------------

    def test_every_request_has_its_row_and_no_other(self):
        rows = dict.fromkeys(POSTMASTERS, "ADMIN_BY_POSTMASTER")
        rows.update(dict.fromkeys(PERSONS, "PERSON_TOO"))
        rows.update(dict.fromkeys(HOSTS, "PERSON_TOO"))
        rows.update(dict.fromkeys(THEIRS, "ADMIN_BY_ANYBODY"))
        rows.update(dict.fromkeys(LINKED, "ADMIN_BY_LINK"))
        rows.update(dict.fromkeys(LISTS, "EVERYBODY"))
        rows.update(dict.fromkeys(RECALLS, "EVERYBODY"))
        rows.update(dict.fromkeys(FORWARDS, "EVERYBODY"))
        there = table()
        want(rows == there, set(rows.items()) ^ set(there.items()))

    def test_nobody_is_told_anything_without_a_login(self):
        for name in table():
            fields = {**POSTMASTERS, **PERSONS, **THEIRS, **LINKED,
                      **LISTS, **HOSTS, **RECALLS, **FORWARDS}[name]
            want(self.code("", name, fields) == "login", name)
        # each wrong one is answered later than the last
        want(self.code("stranger", "fetch list", {}) == "login")

    def test_a_person_may_not_ask_what_is_the_postmasters(self):
        for name, fields in {**POSTMASTERS, **LINKED}.items():
            want(self.code("ann", name, fields) == "refused", name)
            own = {key: value.replace("budi", "ann")
                   if key == "address" else value
                   for key, value in fields.items()}
            want(self.code("ann", name, own) == "refused", name, own)

    def test_a_person_may_ask_about_their_own(self):
        want(self.code("ann", "fetch add",
                       {"label": "anns", **REMOTE}) == "ok")
        want(self.code("budi", "fetch add",
                       {"label": "budis", **REMOTE}) == "ok")
        for name, fields in PERSONS.items():
            if name not in NAMELESS:
                fields = dict(fields, label="anns")
            got = self.code("ann", name, fields)
            if name == "fetch remove":
                want(got == "ok", got)
            else:       # what is switched off is not collected; no such run
                want(got in {"fetch now": ("unfit", "no-such"),
                             "fetch everything": ("unfit", "no-such"),
                             "fetch body": ("no-such",),
                             "fetch progress": ("no-such",)}.get(
                                 name, ("ok",)), name, got)
        want(self.code("ann", "fetch add",
                       {"label": "anns", **REMOTE}) == "ok")

    def test_a_person_reaches_nothing_of_anybody_else(self):
        before = self.of_budi()
        for name, fields in PERSONS.items():
            if name in ("fetch body", "fetch providers", "fetch progress"):
                continue        # nobody's, and by its number below
            for address in ("budi@office.test", "BUDI", "postmaster",
                            "nobody@office.test"):
                for label in (None, "budis", "anns"):
                    more = {"address": address}
                    if label and name != "fetch add":
                        more["label"] = label
                    got = self.code("ann", name, {**fields, **more})
                    # the schedule has nothing that is both theirs and ann's
                    want(got in HIDDEN or (
                        name == "fetch health" and self.ask(
                            "ann", name, more)["result"] == []),
                         name, more, got)
            if name not in NAMELESS:
                answer = self.ask("ann", name, {**fields, "label": "budis"})
                want(answer.get("error") == "no-such" or
                     answer.get("result") == [], name, answer)
        want(self.of_budi() == before, "something of budi's has changed")

    def test_what_is_held_is_asked_for_by_its_person(self):
        for name, fields in THEIRS.items():
            got = self.code("ann", name, fields)
            want(got == ("ok" if name == "held list" else "no-such"), name,
                 got)
            want(self.code(None, name, fields) == "refused", name)
        for name, fields in LINKED.items():
            want(self.code(None, name, fields) == "refused", name)

    def test_what_can_be_taken_back_is_its_senders(self):
        """Of all the mail there is none that is ann's, or anybody's."""
        for who in ("ann", None):
            want(self.ask(who, "recall list", {})["result"] == [], who)
            want(self.code(who, "recall take", RECALLS["recall take"]) ==
                 "no-such", who)
        want(self.code("ann", "recall take", {"id": "../x"}) == "unfit")

    def test_a_smarthost_is_its_persons(self):
        self.code(None, "smarthost set", {
            "name": "office.test", **HOSTS["smarthost set"]})
        for name, fields in HOSTS.items():
            for whose in ("budi@office.test", "BUDI", "postmaster",
                          "office.test", "nobody@office.test"):
                want(self.code("ann", name, dict(fields, name=whose)) ==
                     "refused", name, whose)
            want(self.code("ann", name, fields) == "ok", name)
            if name == "smarthost set":
                want([row["by"] for row in self.ask(
                    None, "smarthost list", {"name": "ann"})["result"]] ==
                     ["owner"], "by")
        for change in ({"user": ""}, {"host": "smtp.isp.test"},
                       {"host": "a b:25"}, {"tls": "maybe"},
                       {"password": ""}, {"user": "a\r\nb"}):
            fields = {**HOSTS["smarthost set"], **change}
            want(self.code("ann", "smarthost set", fields) == "unfit", change)
        want(self.code(None, "smarthost set",
                       HOSTS["smarthost set"]) == "unfit")
        want(self.ask("ann", "smarthost list", {})["result"] == [], "ann's")
        want([row["name"] for row in self.ask(
            None, "smarthost list", {})["result"]] == ["office.test"])
        self.code(None, "account set", {"address": "ann", "fetch": "no"})
        try:
            for name, fields in HOSTS.items():
                want(self.code("ann", name, fields) == "refused", name)
        finally:
            self.code(None, "account set",
                      {"address": "ann", "fetch": "default"})
        self.code(None, "smarthost remove", {"name": "office.test"})

    def test_a_list_of_senders_is_its_persons(self):
        for who in ("ann", "budi"):
            self.code(None, "account set", {"address": who, "fetch": "no"})
        try:
            for name, fields in LISTS.items():
                want(self.code("ann", name, fields) == "ok", name)
                own = dict(fields, address="ann@office.test")
                want(self.code("ann", name, own) == (
                    "no-such" if name == "sender remove" else "ok"), name)
                for address in ("budi@office.test", "BUDI", "postmaster",
                                "nobody@office.test"):
                    want(self.code("ann", name, dict(
                        fields, address=address)) == "refused", name, address)
                want(self.code(None, name, fields) == "unfit", name)
            want([row["sender"] for row in self.ask(
                None, "sender list", {"address": "ann"})["result"]] ==
                 ["@far.test"], "ann's")
            want(self.ask(None, "sender list",
                          {"address": "budi"})["result"] == [], "budi's")
            said = self.postroom(*self.there(), "sender", "list")
            want("@far.test" in said and "blocked" in said, said)
            self.postroom(*self.there(), "sender", "remove", "@far.test")
        finally:
            for who in ("ann", "budi"):
                self.code(None, "account set",
                          {"address": who, "fetch": "default"})

    def test_a_forward_is_its_persons_where_the_postmaster_lets_them(self):
        told = self.code("ann", "forward set", FORWARDS["forward set"])
        want(told == "refused", told)
        want(self.ask("ann", "forward list", {})["result"] == [], "a forward")
        for who in ("ann", "budi"):
            self.ask(None, "account set", {"address": who,
                                           "forwards": "yes"})
        want(self.code("budi", "forward set",
                       {"target": "budi@far.test"}) == "ok")
        for name, fields in FORWARDS.items():
            for address in ("budi@office.test", "BUDI", "postmaster",
                            "nobody@office.test"):
                if name != "forward list":
                    want(self.code("ann", name, dict(
                        fields, address=address)) == "refused", name, address)
            want(self.code("ann", name, fields) == "ok", name)
        for target, code in (("ann@office.test", "loop"),
                             ("budi@office.test", "unfit"), ("", "unfit"),
                             ("a@b, c@d", "unfit"), ("x@far.test\n", "ok"),
                             ("x" * 65 + "@far.test", "unfit")):
            got = self.code("ann", "forward set", {"target": target})
            want(got == code, target, got)
        # from afar, in a person's words
        there = self.there()
        said = self.postroom(*there, "forward", "set", "--to", "me@far.test",
                             "--no-keep")
        want("me@far.test" in said and "owner" in said, said)
        said = self.postroom(*there, "forward", "list")
        want("me@far.test" in said and "budi" not in said, said)
        self.ask(None, "account set", {"address": "ann", "forwards": "no"})
        said = self.postroom(*there, "forward", "set", "--to", "me@far.test",
                             code=1)
        want("does not let you forward" in said, said)
        want(self.ask("ann", "forward list", {})["result"] == [],
             "it outlives the right")
        # what the postmaster has set is seen, and his
        self.ask(None, "forward set", {"address": "ann",
                                       "target": "ann@far.test"})
        self.ask(None, "account set", {"address": "ann", "forwards": "yes"})
        said = self.postroom(*there, "forward", "remove", code=1)
        want("only the postmaster changes" in said, said)
        rows = self.ask("ann", "forward list", {})["result"]
        want([(row["target"], row["by"]) for row in rows] ==
             [("ann@far.test", "postmaster")], rows)
        for who in ("ann", "budi"):
            want(self.code(None, "forward remove",
                           {"address": who}) == "ok", who)
            self.ask(None, "account set", {"address": who, "forwards": "no"})

    def test_a_run_is_heard_of_by_who_asked_for_it(self):
        answer = self.ask("budi", "fetch test", {"label": "budis"})
        asked = {"run": answer["result"][0]["run"], "seen": 0}
        want(self.code("ann", "fetch progress", asked) == "no-such")
        want(self.code("budi", "fetch progress", asked) == "ok")
        want(self.code(None, "fetch progress", asked) == "ok")

    def test_the_postmaster_may_ask_everything(self):
        for name, who in table().items():
            if "POSTMASTER" not in who and who not in ("PERSON_TOO",
                                                       "EVERYBODY"):
                continue
            fields = {**POSTMASTERS, **PERSONS, **LISTS, **HOSTS,
                      **RECALLS, **FORWARDS}[name]
            if name in HOSTS:
                fields = dict(fields, name="budi@office.test")
            if name in LISTS or (name in FORWARDS and
                                 name != "forward list"):
                fields = dict(fields, address="budi")
            if name in PERSONS and name not in NAMELESS:
                fields = dict(fields, address="budi", label="budis")
            if name == "fetch add":
                fields = dict(fields, address="budi")
            want(self.code(None, name, fields) not in ("refused", "login"),
                 name)

    def test_who_is_forbidden_it_may_ask_nothing_at_all(self):
        for word, codes in (("no", ("refused",)), ("yes", ("ok",)),
                            ("default", ("ok",))):
            self.ask(None, "account set", {"address": "ann", "fetch": word})
            for name in PERSONS:
                if name not in NAMELESS and name not in (
                        "fetch now", "fetch everything", "fetch remove"):
                    got = self.code("ann", name, {**PERSONS[name],
                                                  "label": "anns"})
                    want(got in codes, word, name, got)

    # --- postroom --server ----------------------------------------------------

    def there(self):
        """The options that lead there."""
        path = os.path.join(os.path.dirname(self.args.conf), "tls",
                            "certificate.pem")
        with open(path, encoding="ascii") as file:
            der = ssl.PEM_cert_to_DER_cert(file.read())
        return ["--server", "127.0.0.1:%d" % self.port, "--login", "ann",
                "--password-file", os.path.join(self.args.folder,
                                                "password"),
                "--pin", hashlib.sha256(der).hexdigest()]

    def test_all_of_it_works_from_afar_by_imap(self):
        box = ImapBox("ann", [ImapMail("m%d" % n, b"Subject: %d\r\n\r\n%d\r\n"
                                       % (n, n)) for n in (1, 2)],
                      password=self.password.encode())
        provider = Provider(ImapSession, [box])
        there = self.there()
        said = self.postroom(
            *there, "fetch", "add", "--protocol", "imap", "--host",
            "127.0.0.1", "--port", str(provider.port), "--tls", "none",
            "--user", "ann", "--all", "--keep", "--on-read", "yes",
            "--label", "afar", "--password-file",
            os.path.join(self.args.folder, "password"))
        want("ann@office.test" in said and "2 messages" in said, said)
        self.postroom(*there, "fetch", "test", "afar")
        said = self.postroom(*there, "fetch", "now", "afar")
        want("2 messages" in said, said)
        self.postroom(*there, "fetch", "set", "--label", "afar", "--rename",
                      "far", "--delete-after", "9")
        rows = json.loads(self.postroom("--json", *there, "fetch", "list"))
        rows = {row["label"]: row for row in rows["result"]}
        want(rows["far"]["protocol"] == "imap" and
             rows["far"]["delete_after"] == "9" and
             rows["far"]["result"] == "done", rows)
        self.postroom(*there, "fetch", "before", "--label", "far", "--none")
        want("imap.gmail.com" in self.postroom(*there, "fetch", "providers"))
        self.postroom(*there, "fetch", "remove", "--label", "far", "--yes")
        said = self.postroom(*there, "fetch", "test", "far", code=3)
        want("no such" in said.lower() or "no fetch" in said.lower(), said)

    def test_mail_that_waits_to_leave_is_not_moved_from_afar(self):
        for words in (["list"], ["hold", "--all"]):
            said = self.postroom(*self.there(), "queue", *words, code=2)
            want("on the machine of the hub only" in said, words, said)

    def test_a_person_leads_the_hub_to_no_server_of_the_office(self):
        """127.0.0.1 is allowed to them here, and nothing else is."""
        with socket.create_server(("127.0.0.2", 0)) as inner:
            inner.settimeout(0)
            port = str(inner.getsockname()[1])
            there = self.there()
            password = os.path.join(self.args.folder, "password")
            words = ["--port", port, "--tls", "none", "--user", "u",
                     "--password-file", password, "--new"]
            for host in ("127.0.0.2", "::ffff:127.0.0.2"):
                said = self.postroom(
                    *there, "fetch", "add", "--label", "inner", "--untested",
                    "--host", host, *words)
                said = self.postroom(*there, "fetch", "test", "inner", code=1)
                want("office's own network" in said, said)
                self.postroom(*there, "fetch", "remove", "--label", "inner",
                              "--yes")
            # through a proxy there neither
            self.postroom(*there, "fetch", "add", "--label", "inner",
                          "--untested", "--host", "127.0.0.1", *words)
            self.postroom(*there, "fetch", "set", "--label", "inner",
                          "--tls", "implicit")
            self.postroom(*there, "fetch", "way", "--label", "inner",
                          "--proxy", "socks5://127.0.0.2:" + port)
            said = self.postroom(*there, "fetch", "test", "inner", code=1)
            want("office's own network" in said, said)
            try:
                inner.accept()
                raise Failure("it was connected to")
            except BlockingIOError:
                pass
            # the postmaster may name what he likes
            self.postroom("-c", self.args.conf, "fetch", "way", "ann",
                          "--label", "inner", "--proxy",
                          "socks5://127.0.0.2:" + port)
            self.ask(None, "fetch test", {"address": "ann@office.test",
                                          "label": "inner"})
            inner.settimeout(GUARD)
            inner.accept()[0].close()
        self.postroom(*there, "fetch", "remove", "--label", "inner", "--yes")

    def consent(self):
        with self.state.lock:
            for device in self.state.devices.values():
                device[2] = True

    def test_consent_is_given_from_afar(self):
        self.state = State()
        self.state.user = "ann"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.args.tls + "/certificate.pem",
                                self.args.tls + "/key.pem")
        port = free_ports(1)[0]
        serve(self.state, port, context)
        secret = os.path.join(self.args.folder, "client")
        with open(secret, "w", encoding="ascii") as file:
            file.write(SECRET + "\n")
        url = "https://127.0.0.1:%d" % port
        self.postroom("-c", self.args.conf, "oauth", "set", "tokens",
                      "--client-id", "the office", "--client-secret-file",
                      secret, "--token-url", url + "/token", "--device-url",
                      url + "/device", "--scope", "mail offline")
        there = self.there()
        self.postroom(*there, "fetch", "add", "--oauth", "tokens",
                      "--protocol", "imap", "--host", "127.0.0.1", "--port",
                      "9", "--user", "ann", "--new", "--label", "tokens",
                      "--untested")
        said = self.postroom(*there, "fetch", "consent", "--label", "tokens",
                             hears=b"WDJB-MJHT")
        want("https://127.0.0.1/consent" in said, said)
        way = json.loads(self.postroom("--json", *there, "fetch", "way",
                                       "--label", "tokens"))["result"][0]
        want(way["consent"] == "yes", way)
        want(self.state.faults == [], self.state.faults)
        self.postroom(*there, "fetch", "remove", "--label", "tokens",
                      "--yes")

    def test_what_is_not_allowed_from_afar_is_said(self):
        there = self.there()
        for words in (("fetch", "add", "--protocol", "etrn", "--host",
                       "127.0.0.1", "--queue", "office.test", "--untested",
                       "--all"),):
            said = self.postroom(*there, *words, code=1)
            want("postmaster" in said, said)
        said = self.postroom(*there, "fetch", "list", "budi@office.test",
                             code=1)
        want("may not" in said, said)
        self.ask(None, "account set", {"address": "ann", "fetch": "no"})
        for words in (("fetch", "list"), ("fetch", "now"),
                      ("fetch", "remove", "--label", "anns", "--yes")):
            said = self.postroom(*there, *words, code=1)
            want("may not" in said, words, said)
        self.ask(None, "account set", {"address": "ann", "fetch": "default"})

    def test_no_process_was_refused_a_call(self):
        with open(os.path.join(self.args.folder, "log"),
                  encoding="utf-8") as file:
            log = file.read()
        want("was refused system call" not in log and "died" not in log, log)

    def run(self):
        failed = False
        with open(self.args.results, "a", encoding="utf-8") as results:
            for name in [n for n in type(self).__dict__
                         if n.startswith("test_")]:
                what = name[5:].replace("_", " ")
                began = time.monotonic()
                try:
                    getattr(self, name)()
                    results.write("pass rights, %s\n" % what)
                except (Failure, OSError, ValueError, KeyError,
                        subprocess.SubprocessError):
                    failed = True
                    traceback.print_exc()
                    results.write("fail rights, %s after %.0f s\n" % (
                        what, time.monotonic() - began))
                results.flush()
        return failed


if __name__ == "__main__":
    sys.exit(Rights(arguments()).run())
