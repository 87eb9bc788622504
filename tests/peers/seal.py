#!/usr/bin/env python3
"""What a hub sends on is sealed (RFC 8617), as dkimpy finds.

usage: seal.py --bin DIR --folder DIR --results FILE

The test stands for our provider, who brings mail, and for DNS and the host
elsewhere that gets what is sent on; before us dkimpy has sealed it.
"""

import argparse
import base64
import importlib.util
import json
import os
import poplib
import re
import smtplib
import subprocess
import sys
import tempfile
import time
import traceback

import dkim

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, os.pardir, "fault"))

# pylint: disable=wrong-import-position
from arc_sealed import Zone, sealed, spoilt            # noqa: E402
from groups import Elsewhere                           # noqa: E402
from hub import Fault, Hub, PASSWORD                                    # noqa: E402
from sink import cli, true                             # noqa: E402

def beside(path, name):
    """What a module of ours has whose name is that of one that dkimpy needs."""
    spec = importlib.util.spec_from_file_location(
        "ours", os.path.join(HERE, os.pardir, *path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)


Names = beside(("fetch", "dns.py"), "Names")
GUARD = 60.0
NAME = "mx.office.test"
# Who came to the provider.
HOP = b"Received: from out.example.com (out.example.com [192.0.2.7])\r\n" \
    b"\tby mx.provider.example with ESMTPS id 1; " \
    b"Mon, 23 Nov 2026 12:00:00 +0000\r\n"


class Scene:
    def __init__(self, args):
        self.names = Names()
        self.elsewhere = Elsewhere()
        os.mkdir(os.path.join(args.folder, "zone"))
        self.zone = Zone(os.path.join(args.folder, "zone"))
        self.hub = Hub(args.bin, ("ann", "cid"), {
            "smarthost": '"127.0.0.1:%d"' % self.elsewhere.server_address[1],
            "smarthost_tls": '"none"', "outbound_first_seconds": '"1s"',
            "outbound_retry_seconds": '"1s"', "hosts_file": '""',
            "hostname": '"%s"' % NAME, "identity": '"yes"', "dmarc_action": '"mark"',
            "upstream_hosts": '"127.0.0.0/8"', "clear_logins": '"yes"',
            "dns_forward": '"127.0.0.1@%d"' % self.names.port})
        for words in (
                ("alias", "add", "world@office.test", "ann@office.test",
                 "yan@far.test"),
                ("alias", "add", "here@office.test", "ann@office.test"),
                ("list", "add", "team@office.test", "ann@office.test",
                 "zoe@far.test", "--post", "anyone"),
                ("domain", "add", "plain.test"),
                ("alias", "add", "world@plain.test", "yan@far.test"),
                ("forward", "set", "cid@office.test", "--to",
                 "cid@home.test")):
            cli(self.hub, *words)
        self.hub.start()
        # the second kind is not the one that seals
        cli(self.hub, "dkim", "add", "office.test", "--ed25519")
        cli(self.hub, "dkim", "add", "office.test")
        for row in json.loads(cli(self.hub, "--json", "dkim",
                                  "list")[1])["result"]:
            self.zone.records[row["name"].encode() + b"."] = \
                row["record"].encode()
        for name, record in self.zone.records.items():
            self.names.table[name.decode().rstrip(".")] = [record]

    def close(self):
        self.hub.kill()
        self.hub.remove()
        self.names.close()
        self.elsewhere.shutdown()

    def bring(self, message, to):
        """As the provider does: nobody is there any more to be told no."""
        with smtplib.SMTP("127.0.0.1", self.hub.base + 25,
                          timeout=GUARD) as smtp:
            smtp.ehlo("mx.provider.example")
            smtp.sendmail("joe@example.com", [to], HOP + message)

    def left(self, subject):
        """The message of that subject as the host elsewhere has got it."""
        self.hub.wait_for(lambda: self.elsewhere.of(subject),
                          "%s does not leave" % subject, GUARD)
        (_, _, data), = self.elsewhere.of(subject)
        return re.sub(rb"(?m)^\.", b"", data)   # RFC 5321 4.5.2

    def letters(self, who):
        box = poplib.POP3("127.0.0.1", self.hub.base + 110, timeout=GUARD)
        box.user("%s@office.test" % who)
        box.pass_(PASSWORD)
        found = [b"\r\n".join(box.retr(number)[1]) + b"\r\n"
                 for number in range(1, box.stat()[0] + 1)]
        box.quit()
        return found

    def passed_on(self, message, subject, to="world@office.test"):
        self.bring(message, to)
        return self.left(subject)

    def verify(self, message):
        """(chain, of each set its number and cv=), as dkimpy has it."""
        chain, sets, why = dkim.arc_verify(message, dnsfunc=self.zone.dns)
        return chain, [(one["instance"], one["cv"], one["ams-valid"],
                        one["as-valid"]) for one in sets or []], why


def letter(subject):
    return b"From: Joe <joe@example.com>\r\nTo: ben@office.test\r\n" \
        b"Subject: %s\r\nDate: Mon, 23 Nov 2026 12:00:00 +0000\r\n" \
        b"Message-ID: <%s@example.com>\r\n\r\nhello  \r\n.dot\r\n\r\n" % (
            subject.encode(), subject.encode())


def signed(scene, message):
    return dkim.sign(message, b"rsa", b"example.com", scene.zone.pem) + \
        message


def field(message, name):
    """The values of the fields of that name, from the top."""
    return re.findall(rb"(?m)^%s: (.*)\r$" % name, message)


def an_alias_a_list_and_a_forward_are_sealed(scene):
    for to in ("world", "team", "cid"):
        data = scene.passed_on(signed(scene, letter("first-" + to)),
                               "first-" + to, to + "@office.test")
        chain, sets, why = scene.verify(data)
        true(chain == b"pass", to, chain, why, data)
        true(sets == [(1, b"none", True, True)], to, sets)
        seal, = field(data, b"ARC-Seal")
        true(b"a=rsa-sha256; d=office.test; s=postroom;" in seal, seal)
        results, = field(data, b"ARC-Authentication-Results")
        true(results.startswith(b"i=1; " + NAME.encode()), results)
        true(b"; arc=none;" in results and b"; dkim=pass header.d=example.com"
             in results, results)
        # the author's own is right as ever, and signed with the rest
        true(dkim.verify(data, dnsfunc=scene.zone.dns), "his is broken")
        true(b":DKIM-Signature;" in field(
            data, b"ARC-Message-Signature")[0], data)
        true(not field(data, b"Authentication-Results"), data)


def a_chain_goes_on(scene):
    message = signed(scene, letter("chain"))
    for hand in (1, 2, 3):
        message = sealed(scene.zone, message, hand)
    message = re.sub(rb"(?m)^Authentication-Results: .*\r\n", b"", message)
    data = scene.passed_on(message, "chain")
    chain, sets, why = scene.verify(data)
    true(chain == b"pass", chain, why, data)
    true([one[0] for one in sets] == [4, 3, 2, 1] and all(
        one[3] for one in sets) and sets[0][1] == b"pass", sets)
    results = field(data, b"ARC-Authentication-Results")[0]
    true(b"i=4; " in results and b"; arc=pass header.d=l3.example;" in
         results, results)


def what_leaves_comes_back_and_is_sealed_again(scene):
    """Three hands, two of them ours, and a list between."""
    data = scene.passed_on(letter("twice"), "twice", "cid@office.test")
    message = data[data.index(b"ARC-Seal"):]
    message = sealed(scene.zone, message, 2).replace(b"Subject: twice",
                                                     b"Subject: twice2")
    # he sealed before he changed it: his is broken, and ours says so
    data = scene.passed_on(message, "twice2", "world@office.test")
    chain, sets, why = scene.verify(data)
    true(chain is None and sets[0][:3] == (3, b"fail", True), why, sets)
    true(field(data, b"ARC-Seal")[0].startswith(b"i=3; ") and
         b"; cv=fail; " in field(data, b"ARC-Seal")[0], data)


def a_broken_chain_is_sealed_as_broken(scene):
    """RFC 8617 5.1.2: over our own set alone, and never again."""
    once = sealed(scene.zone, letter("broken"), 1)
    data = scene.passed_on(spoilt(b"ARC-Seal", 1)(once), "broken")
    seal = field(data, b"ARC-Seal")[0]
    true(seal.startswith(b"i=2; ") and b"; cv=fail; " in seal, seal)
    # dkimpy goes no further than to that
    chain, sets, why = scene.verify(data)
    true(chain is None and sets[0][:3] == (2, b"fail", True), why, sets)
    alone(scene, data)
    message = data[data.index(b"ARC-Seal"):].replace(
        b"Subject: broken", b"Subject: again").replace(
            b"broken@example", b"again@example")
    data = scene.passed_on(message, "again", "team@office.test")
    true(field(data, b"ARC-Seal")[0] == seal and
         len(field(data, b"ARC-Seal")) == 2, data)


def alone(scene, data):
    """Without the sets before it its seal is right, as 5.1.2 has it."""
    ours = [b"%s: %s" % (name, field(data, name)[0]) for name in (
        b"ARC-Authentication-Results", b"ARC-Message-Signature",
        b"ARC-Seal")]

    def relaxed(one):
        name, value = one.split(b": ", 1)
        return name.lower() + b":" + re.sub(rb"[ \t]+", b" ", value)
    given, = re.findall(rb"; b=(\S+)$", ours[2])
    ours[2] = ours[2][:-len(given)]
    record = scene.zone.records[b"postroom._domainkey.office.test."]
    with tempfile.TemporaryDirectory() as folder:
        public = os.path.join(folder, "public")
        proof = os.path.join(folder, "proof")
        with open(public, "wb") as file:
            file.write(b"-----BEGIN PUBLIC KEY-----\n%s\n"
                       b"-----END PUBLIC KEY-----\n" % re.sub(
                           rb"(.{64})", rb"\1\n",
                           re.search(rb"p=(\S+)", record)[1]))
        with open(proof, "wb") as file:
            file.write(base64.b64decode(given))
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", public,
                        "-signature", proof], check=True,
                       input=b"\r\n".join(relaxed(one) for one in ours),
                       stdout=subprocess.DEVNULL)


def a_chain_that_came_as_failed_is_left(scene):
    once = sealed(scene.zone, letter("failed"), 1)
    twice = sealed(scene.zone, once, 2, b"fail")
    true(b"cv=fail" in twice, twice)
    data = scene.passed_on(twice, "failed")
    true(len(field(data, b"ARC-Seal")) == 2 and
         not re.search(rb"(?m)^ARC-Seal: i=3;", data), data)


def nobody_can_say(scene):
    """A key that cannot be looked up now: nothing is claimed."""
    scene.names.table["s4._domainkey.l4.example"] = "servfail"
    data = scene.passed_on(sealed(scene.zone, letter("later"), 4, b"none"),
                           "later")
    true(len(field(data, b"ARC-Seal")) == 1, data)


def who_has_no_key_seals_nothing(scene):
    data = scene.passed_on(letter("plain"), "plain", "world@plain.test")
    true(not field(data, b"ARC-Seal"), data)


def what_stays_here_has_no_seal(scene):
    for subject, to in (("stays", "here@office.test"),
                        ("both", "world@office.test")):
        scene.bring(letter(subject), to)
        found = scene.hub.wait_for(lambda s=subject: [
            one for one in scene.letters("ann") if b"Subject: %s\r\n" %
            s.encode() in one], "%s is not here" % subject, GUARD)
        true(b"\nAuthentication-Results: " in found[0] and
             b"ARC-" not in found[0], found[0])


def what_our_people_send_is_signed_and_not_sealed(scene):
    message = letter("ours").replace(b"Joe <joe@example.com>",
                                     b"ann@office.test")
    with smtplib.SMTP("127.0.0.1", scene.hub.base + 587,
                      timeout=GUARD) as smtp:
        smtp.ehlo("client.example")
        smtp.login("ann@office.test", PASSWORD)
        smtp.sendmail("ann@office.test", ["world@office.test"], message)
    data = scene.left("ours")
    true(not field(data, b"ARC-Seal"), data)
    true(len(field(data, b"DKIM-Signature")) == 2 and
         dkim.verify(data, dnsfunc=scene.zone.dns), data)


TESTS = [
    an_alias_a_list_and_a_forward_are_sealed,
    a_chain_goes_on,
    what_leaves_comes_back_and_is_sealed_again,
    a_broken_chain_is_sealed_as_broken,
    a_chain_that_came_as_failed_is_left,
    nobody_can_say,
    who_has_no_key_seals_nothing,
    what_stays_here_has_no_seal,
    what_our_people_send_is_signed_and_not_sealed,
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--results", required=True)
    args = parser.parse_args()
    scene = Scene(args)
    worst = 0
    try:
        for test in TESTS:
            name = "seal-" + test.__name__.replace("_", "-")
            if os.environ.get("ONLY", "") not in name:
                continue
            began = time.monotonic()
            try:
                test(scene)
                line = "pass " + name
            except (Fault, OSError, ValueError, KeyError, IndexError,
                    smtplib.SMTPException, poplib.error_proto,
                    subprocess.SubprocessError):
                traceback.print_exc()
                line, worst = "fail " + name, 1
            print("%s (%.1f s)" % (line, time.monotonic() - began))
            with open(args.results, "a", encoding="ascii") as file:
                file.write(line + "\n")
        scene.hub.stop()
        scene.hub.check()
    finally:
        if worst:
            print(open(scene.hub.log_path, encoding="utf-8",
                       errors="replace").read()[-4000:])
        scene.close()
    return worst


if __name__ == "__main__":
    sys.exit(main())
