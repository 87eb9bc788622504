#!/usr/bin/env python3
"""What a domain wants of who brings its mail is held to (MTA-STS, RFC 8461).

usage: sts.py --bin DIR --folder DIR --results FILE

A whole hub, the hosts of dane.py, and a web server with a policy for each domain.
One line of FILE for each test: "pass sts/NAME" or "fail sts/NAME".
"""

import http.server
import threading
import time

from dane import NO_TLS, ZONE, Scene, main, true
from signed_names import A, TXT, txt

PATH = "/.well-known/mta-sts.txt"
UNTRUSTED = "its certificate is not to be trusted, which its domain wants"
CLEAR = "it offers no TLS, which its domain wants (MTA-STS)"
BARRED = "DNS names no host for it that its domain allows (MTA-STS)"


class Web(http.server.ThreadingHTTPServer):
    """`pages`: host -> (status, type, text); `asked`: hosts, as they came."""

    daemon_threads = True

    def __init__(self, address, context):
        self.pages, self.asked = {}, []
        super().__init__(address, Page)
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Who distrusts the certificate hangs up."""

    def close(self):
        self.shutdown()
        self.server_close()


class Page(http.server.BaseHTTPRequestHandler):
    """One question."""

    def do_GET(self):                           # pylint: disable=invalid-name
        host = self.headers["Host"].split(":")[0]
        self.server.asked.append(host)
        status, kind, text = self.server.pages.get(
            host, (404, "text/plain", "no such page"))
        if self.path != PATH:
            status = 400
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "https://mta-sts.right.%s:%d%s" % (
                ZONE, self.server.server_address[1], PATH))
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):                  # pylint: disable=arguments-differ
        """Nobody reads it."""


class StsScene(Scene):
    """And a web server, which shows one certificate for all its names."""

    def __init__(self, args, folder, labels, distrusted=False, **options):
        self.names_of = ["mta-sts.%s.%s" % (label, ZONE) for label in labels]
        args.certs.make("web", self.names_of[0],
                        ",".join("DNS:" + n for n in self.names_of),
                        "stranger" if distrusted else "ca", 0)
        self.web = Web(("127.0.0.200", 0), args.certs.context("web"))
        super().__init__(args, folder, outbound_sts_port='"%d"' %
                         self.web.server_address[1], **options)
        self.args = args

    def domain(self, label, certificate, policy, ident="1", host=None,
               page=None):
        """One with a policy, whose host has a certificate by its own name."""
        name = "mx.%s.%s" % (label, ZONE)
        if certificate == "named":
            certificate = "named-" + label
            self.args.certs.make(certificate, name, "DNS:" + name, "ca", 0)
        domain = self.add(label, certificate, [], host)
        web = "mta-sts." + domain
        self.names.table.update({
            ("_mta-sts." + domain, TXT): [txt(
                b"v=STSv1; id=%s;" % ident.encode())],
            (web, A): [b"\x7f\0\0\xc8"]})
        self.web.pages[web] = page or (200, "text/plain; charset=us-ascii",
                                       policy)
        return domain

    def close(self):
        super().close()
        self.web.close()


def policy(mode, *hosts, age=86400):
    return "version: STSv1\nmode: %s\n%smax_age: %d\n" % (
        mode, "".join("mx: %s\n" % host for host in hosts), age)


def domains_are_given_what_they_want(args, folder):
    """Each kind of policy, and each kind of host that breaks it."""
    labels = ("right", "wide", "untrusted", "clear", "barred", "testing",
              "none", "torn", "gone", "moved", "html")
    scene = StsScene(args, folder, labels)
    mine = {label: "mx.%s.%s" % (label, ZONE) for label in labels}

    def enforce(label):
        return policy("enforce", mine[label])
    trusted = [
        scene.domain("right", "named", enforce("right")),
        scene.domain("wide", "named", policy("enforce", "*.wide." + ZONE)),
    ]
    refused = {
        scene.domain("untrusted", "expired", enforce("untrusted")):
            UNTRUSTED,
        scene.domain("clear", None, enforce("clear")): CLEAR,
        scene.domain("barred", "named", policy("enforce", "mx.other.test")):
            BARRED,
    }
    # RFC 8461 3.3, 5.1: what is no policy is none
    anyhow = [
        scene.domain("testing", None, policy("testing", "mx.other.test")),
        scene.domain("none", None, policy("none")),
        scene.domain("torn", None, "version: STSv1\nmode: enforce\n"),
        scene.domain("gone", None, "", page=(404, "text/plain", "gone")),
        scene.domain("moved", None, "", page=(301, "text/plain", "")),
        scene.domain("html", None, "", page=(200, "text/html",
                                             enforce("html"))),
    ]
    try:
        scene.hub.start()
        scene.send(*trusted, *refused, *anyhow)
        for domain in trusted:
            scene.wait_trace(domain, "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        for domain, words in refused.items():
            scene.wait_trace(domain, words)
        for domain in anyhow:
            scene.wait_trace(domain, "without TLS")
        clear = sorted(r for h in scene.hosts.values() for r in h.clear)
        true(clear == sorted("zoe@" + domain for domain in anyhow), clear)
        true(all(scene.web.asked.count(n) == 1 for n in scene.names_of),
             "asked more than once", scene.web.asked)
        with open(scene.hub.log_path, encoding="utf-8") as file:
            log = file.read()
        true("mx.testing.%s" % ZONE in log, "not said:", log)
        # by its walls: what libcurl does with nothing but a connection
        true("system call" not in log, log)
    finally:
        scene.close()


def a_policy_outlives_its_server_and_ours(args, folder):
    """Known once, it holds while it lasts, whatever is cut off."""
    scene = StsScene(args, folder, ("kept",))
    domain = scene.domain("kept", "named", policy(
        "enforce", "mx.kept." + ZONE))
    host = scene.hosts["kept"]
    record = ("_mta-sts." + domain, TXT)
    try:
        scene.hub.start()
        scene.send(domain)
        scene.wait_trace(domain, "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        # an attacker takes all of it away, and we are killed
        scene.web.pages.clear()
        del scene.names.table[record]
        host.certificate = None
        time.sleep(2)           # for the TTL
        scene.hub.kill()
        scene.hub.start()
        scene.send(domain)
        scene.wait_trace(domain, CLEAR)
        true(not host.clear, host.clear)
        # the domain itself takes it back, with another id
        scene.names.table[record] = [txt(b"v=STSv1; id=2;")]
        scene.web.pages["mta-sts." + domain] = (200, "text/plain",
                                                policy("none"))
        scene.wait_trace(domain, "without TLS")
        true(len(host.got) == 1 and len(host.clear) == 1, host.clear)
    finally:
        scene.close()


def a_policy_of_whom_nobody_trusts_is_none(args, folder):
    """Who could make that up could keep all mail away."""
    scene = StsScene(args, folder, ("forged",), distrusted=True)
    domain = scene.domain("forged", None, policy("enforce", "mx.other.test"))
    try:
        scene.hub.start()
        scene.send(domain)
        scene.wait_trace(domain, "without TLS")
        with open(scene.hub.log_path, encoding="utf-8") as file:
            true("certificate is not to be trusted" in file.read(),
                 "nothing is said of it")
    finally:
        scene.close()


def what_a_host_publishes_goes_first(args, folder):
    """RFC 8461 2: no policy makes up for a certificate that is wrong."""
    scene = StsScene(args, folder, ("both", "useless"))
    domain = scene.domain("both", None, policy("enforce", "mx.both." + ZONE))
    scene.names.table[scene.proof("mx." + domain)] = [scene.tlsa("good")]
    # nor does what is published and of no use make up for a policy
    other = scene.domain("useless", "expired", policy(
        "enforce", "mx.useless." + ZONE))
    scene.names.table[scene.proof("mx." + other)] = [scene.tlsa("good", 1)]
    try:
        scene.hub.start()
        scene.send(domain, other)
        scene.wait_trace(domain, NO_TLS)
        true(not scene.hosts["both"].clear, "it was sent in clear")
        scene.wait_trace(other, UNTRUSTED)
        true(not scene.hosts["useless"].got, "whom nobody trusts has it")
    finally:
        scene.close()


TESTS = (domains_are_given_what_they_want,
         a_policy_outlives_its_server_and_ours,
         a_policy_of_whom_nobody_trusts_is_none,
         what_a_host_publishes_goes_first)

if __name__ == "__main__":
    main("sts", TESTS)
