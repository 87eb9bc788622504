#!/usr/bin/env python3
"""What a host publishes of its certificate is held to (DANE, RFC 7672).

usage: dane.py --bin DIR --folder DIR --results FILE

A whole hub that sends to hosts found in DNS; the zone of their domains is signed
here, and each host is a script with a certificate of its own.  One line of FILE
for each test: "pass dane/NAME" or "fail dane/NAME".
"""

import argparse
import hashlib
import os
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fault"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "fetch"))

# pylint: disable=wrong-import-position
from certs import HOST, Certificates                    # noqa: E402
from hub import Fault, Hub                              # noqa: E402
from ports import free_ports                            # noqa: E402
from signed_names import A, MX, TLSA, SignedNames, mx   # noqa: E402

GUARD = 60.0            # seconds; nothing honest comes near it
ZONE = "provider.test"  # of HOST
ANN = "ann@office.test"


class Host:
    """An SMTP host at `address`; `certificate`: None is one without TLS."""

    def __init__(self, address, port, certificate):
        self.certificate = certificate
        self.got, self.clear, self.letters = [], [], []
        self.listener = socket.create_server((address, port))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                visitor, _ = self.listener.accept()
            except OSError:
                return
            visitor.settimeout(GUARD)
            try:
                self.talk(visitor, False)
            except OSError:
                pass            # who distrusts it hangs up

    def talk(self, visitor, is_tls):
        file = visitor.makefile("rb")
        if not is_tls:
            visitor.sendall(b"220 mx\r\n")
        while True:
            line = file.readline()
            word = line[:4].upper()
            if word == b"EHLO":
                visitor.sendall(b"250-mx\r\n250-STARTTLS\r\n250 8BITMIME\r\n"
                                if self.certificate and not is_tls else
                                b"250-mx\r\n250 8BITMIME\r\n")
            elif word == b"STAR":
                visitor.sendall(b"220 go\r\n")
                self.talk(self.certificate.wrap_socket(
                    visitor, server_side=True), True)
                return
            elif word == b"RCPT":
                (self.got if is_tls else self.clear).append(
                    line.split(b"<")[1].split(b">")[0].decode())
                visitor.sendall(b"250 ok\r\n")
            elif word == b"DATA":
                visitor.sendall(b"354 go\r\n")
                letter = []
                while (line := file.readline()) not in (b".\r\n", b""):
                    letter.append(line)
                self.letters.append(b"".join(letter))
                visitor.sendall(b"250 taken\r\n")
            elif word == b"QUIT" or not line:
                visitor.close()
                return
            else:
                visitor.sendall(b"250 ok\r\n")

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


class Scene:
    """A signed zone, hosts with certificates, and a hub that sends to them."""

    def __init__(self, args, folder, **options):
        self.certs = args.certs
        self.port, = free_ports(1)
        self.names = SignedNames(ZONE, folder)
        self.hosts = {}
        self.hub = Hub(args.bin, ("ann",), {
            "outbound_direct": '"yes"', "outbound_port": str(self.port),
            "outbound_first_seconds": '"1s"',
            "outbound_retry_seconds": '"1s"', "hosts_file": '""',
            "tls_ca_file": '"%s"' % args.certs.authority(),
            "dns_forward": '"127.0.0.1@%d"' % self.names.port,
            "dns_anchor_file": '"%s"' % self.names.anchor,
            **{name: value % {"port": self.port}
               for name, value in options.items()}})

    def tlsa(self, certificate, usage=3):
        """Of the whole certificate, SHA-256 (RFC 6698 2.1)."""
        name = "ca" if usage in (0, 2) else certificate
        with open(self.certs.path(name, "pem"), encoding="ascii") as file:
            text = file.read()
        end = "-----END CERTIFICATE-----"
        print_ = hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            text[:text.index(end) + len(end)])).digest()
        return bytes((usage, 0, 1)) + print_

    def add(self, label, certificate, tlsa, host=None, zone=ZONE):
        """`label`.ZONE and its one host; `tlsa`: the records it publishes."""
        domain = "%s.%s" % (label, zone)
        host = host or "mx." + domain
        address = "127.0.0.%d" % (2 + len(self.hosts))
        context = None
        if certificate:
            context = self.certs.context(certificate)
            if certificate == "good":
                self.send_authority(context)
        self.hosts[label] = Host(address, self.port, context)
        self.names.table.update({
            (domain, MX): [mx(host)],
            (host, A): [socket.inet_aton(address)],
            self.proof(host): tlsa})
        return domain

    def send_authority(self, context):
        """An authority that is published has to be shown (RFC 7672 3.1.2)."""
        chain = os.path.join(self.certs.folder, "chain.pem")
        with open(chain, "wb") as out:
            for name in ("good", "ca"):
                with open(self.certs.path(name, "pem"), "rb") as file:
                    out.write(file.read())
        context.load_cert_chain(chain, self.certs.path("good", "key"))

    def proof(self, host):
        return "_%d._tcp.%s" % (self.port, host), TLSA

    def send(self, *domains):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with smtplib.SMTP_SSL("127.0.0.1", self.hub.base + 465,
                              timeout=GUARD, context=context) as client:
            client.login(ANN, "secret")
            for domain in domains:
                client.sendmail(ANN, ["zoe@" + domain],
                                "From: %s\r\nSubject: hi\r\n\r\nhi\r\n" % ANN)

    def trace(self, domain):
        return self.hub.run("-c", self.hub.conf, "trace", "zoe@" + domain,
                            check=False)[1]

    def wait_trace(self, domain, words):
        try:
            self.hub.wait_for(lambda: words in self.trace(domain),
                              "no trace of it", GUARD)
        except Fault:
            raise Fault("%s: no %r in %s" % (
                domain, words, self.trace(domain))) from None

    def close(self):
        self.hub.remove()
        for host in self.hosts.values():
            host.close()
        self.names.close()


def true(truth, *words):
    if not truth:
        raise Fault(" ".join(str(word) for word in words))


MISMATCH = "its certificate does not match what its domain published (DANE)"
NO_TLS = "it offers no TLS, and its domain published that it does (DANE)"
UNKNOWN = "what certificate its host has published (DANE) cannot be looked up"


def hosts_are_held_to_what_they_publish(args, folder):
    """Each kind of record, and each kind of host that breaks its word."""
    scene = Scene(args, folder)
    tlsa = scene.tlsa
    proved = [
        scene.add("right", "self-signed", [tlsa("self-signed")]),
        scene.add("expired", "expired", [tlsa("expired")]),
        scene.add("rolling", "self-signed", [tlsa("good"),
                                             tlsa("self-signed")]),
        scene.add("authority", "good", [tlsa("good", 2)], HOST),
    ]
    any_tls = [
        scene.add("useless", "expired", [tlsa("good", 1)]),
        scene.add("nothing", "expired", []),
        scene.add("unsigned", "expired", [tlsa("good")], zone="open.test"),
    ]
    clear = [scene.add("plain", None, [])]
    refused = {
        scene.add("wrong", "self-signed", [tlsa("good")]): MISMATCH,
        scene.add("stranger", "unknown-authority", [tlsa("good", 2)]):
            MISMATCH,
        scene.add("other-name", "good", [tlsa("good", 2)]): MISMATCH,
        scene.add("stripped", None, [tlsa("good")]): NO_TLS,
        scene.add("useless-clear", None, [tlsa("good", 1)]): NO_TLS,
        scene.add("bogus", "self-signed", [tlsa("self-signed")]): UNKNOWN,
        scene.add("failing", "self-signed", "servfail"): UNKNOWN,
    }
    scene.names.wrong.add(scene.proof("mx.bogus." + ZONE))
    scene.names.table[("forged." + ZONE, MX)] = [mx("mx.plain." + ZONE)]
    scene.names.wrong.add(("forged." + ZONE, MX))
    refused["forged." + ZONE] = "cannot be looked up now"
    try:
        scene.hub.start()
        scene.send(*proved, *any_tls, *clear, *refused)
        for domain in proved:
            scene.wait_trace(domain, ", DANE; ")
        for domain in any_tls:
            scene.wait_trace(domain, "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        for domain in clear:
            scene.wait_trace(domain, "without TLS")
        for domain, words in refused.items():
            scene.wait_trace(domain, words)
        clear_ones = [rcpt for host in scene.hosts.values()
                      for rcpt in host.clear]
        true(clear_ones == ["zoe@" + clear[0]], clear_ones)
        got = sorted(rcpt for host in scene.hosts.values()
                     for rcpt in host.got)
        true(got == sorted("zoe@" + d for d in proved + any_tls), got)
        true(all(name.startswith("_%d._tcp." % scene.port)
                 and not name.endswith(".open.test")
                 for name, kind in scene.names.asked if kind == TLSA),
             "asked for TLSA of what is not signed")
        with open(scene.hub.log_path, encoding="utf-8") as file:
            log = file.read()
        true("DNSSEC" not in log, log)
    finally:
        scene.close()


def what_is_published_may_change(args, folder):
    """A host is wrong until its record is right, and wrong again after."""
    scene = Scene(args, folder)
    domain = scene.add("late", "self-signed", [scene.tlsa("good")])
    host = scene.hosts["late"]
    try:
        scene.hub.start()
        scene.send(domain)
        scene.wait_trace(domain, MISMATCH)
        true(not host.got, "it was sent all the same")
        scene.names.table[scene.proof("mx." + domain)] = [
            scene.tlsa("self-signed")]
        scene.wait_trace(domain, ", DANE; ")
        true(len(host.got) == 1 and not host.clear, host.got, host.clear)
        scene.names.table[scene.proof("mx." + domain)] = [scene.tlsa("good")]
        time.sleep(2)           # for the TTL
        scene.send("late." + ZONE)
        scene.hub.wait_for(lambda: scene.trace(domain).count(MISMATCH) > 1,
                           "it was not looked up again", GUARD)
        true(len(host.got) == 1 and not host.clear, host.got, host.clear)
    finally:
        scene.close()


def a_smarthost_is_held_to_it_too(args, folder):
    """Its name is written down, so no MX has to be signed."""
    for label, certificate, published, words in (
            ("right", "expired", "expired", ", DANE; "),
            ("wrong", "good", "expired", MISMATCH),
            ("none", "expired", None, "its certificate is not to be trusted"),
    ):
        inner = os.path.join(folder, label)
        os.mkdir(inner)
        scene = Scene(args, inner, outbound_direct='"no"',
                      smarthost='"%s:%%(port)d"' % HOST)
        scene.add(label, certificate,
                  [scene.tlsa(published)] if published else [], HOST)
        try:
            scene.hub.start()
            scene.send("far.test")
            scene.wait_trace("far.test", words)
            got = scene.hosts[label].got
            true(got == (["zoe@far.test"] if label == "right" else []), got)
        finally:
            scene.close()


def without_dnssec_mail_goes_as_before(args, folder):
    """A router that knows none: nothing is proved, and it is said once."""
    scene = Scene(args, folder)
    scene.names.strips = True
    domains = [scene.add("wrong", "expired", [scene.tlsa("good")]),
               scene.add("plain", None, [scene.tlsa("good")])]
    try:
        scene.hub.start()
        scene.send(*domains)
        scene.wait_trace(domains[0], "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        scene.wait_trace(domains[1], "without TLS")
        with open(scene.hub.log_path, encoding="utf-8") as file:
            log = file.read()
        true(log.count("DNS answers come without signatures") == 1, log)
    finally:
        scene.close()


TESTS = (hosts_are_held_to_what_they_publish, what_is_published_may_change,
         a_smarthost_is_held_to_it_too, without_dnssec_mail_goes_as_before)


def main(part, tests):
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--folder", "--results"):
        parser.add_argument(name, required=True)
    args = parser.parse_args()
    os.chmod(args.folder, 0o755)
    args.certs = Certificates(os.path.join(args.folder, "certs"))
    for test in tests:
        name = test.__name__.replace("_", "-")
        folder = os.path.join(args.folder, name)
        os.mkdir(folder)
        try:
            test(args, folder)
            line = "pass %s/%s" % (part, name)
        except (Fault, OSError, subprocess.SubprocessError,
                smtplib.SMTPException):
            traceback.print_exc()
            line = "fail %s/%s" % (part, name)
        with open(args.results, "a", encoding="utf-8") as file:
            file.write(line + "\n")
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main("dane", TESTS)
