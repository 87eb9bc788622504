#!/usr/bin/env python3
"""Domains that ask for it are told how TLS with their hosts goes (RFC 8460).

usage: tlsrpt.py --bin DIR --folder DIR --results FILE

A whole hub whose day has some seconds, the hosts of dane.py and the policies of
sts.py; reports come by mail, and by HTTPS.  One line of FILE for each test:
"pass tlsrpt/NAME" or "fail tlsrpt/NAME".
"""

import datetime
import email
import email.policy
import gzip
import json
import time

from dane import NO_TLS, ZONE, main, true
from signed_names import TXT, txt
from sts import BARRED, UNTRUSTED, Page, StsScene, policy

DAY = 6                 # seconds
FROM = "reports@office.test"
RESULTS = {"starttls-not-supported", "certificate-host-mismatch",
           "certificate-expired", "certificate-not-trusted",
           "validation-failure", "tlsa-invalid", "dnssec-invalid",
           "dane-required", "sts-policy-fetch-error", "sts-policy-invalid",
           "sts-webpki-invalid"}
# RFC 8460 4.4: of each object what it must have, and may
SHAPES = {
    "report": ({"organization-name": str, "date-range": dict,
                "contact-info": str, "report-id": str, "policies": list}, {}),
    "date-range": ({"start-datetime": str, "end-datetime": str}, {}),
    "policy": ({"policy-type": str, "policy-domain": str},
               {"policy-string": list, "mx-host": list}),
    "summary": ({"total-successful-session-count": int,
                 "total-failure-session-count": int}, {}),
    "details": ({"result-type": str, "failed-session-count": int},
                {"receiving-mx-hostname": str}),
}


def fits(thing, shape):
    must, may = SHAPES[shape]
    true(set(must) <= set(thing) <= set(must) | set(may), shape, thing)
    for name, value in thing.items():
        true(isinstance(value, (must | may)[name]), shape, name, value)


def read(packed):
    """A report as it came, which has to be one."""
    report = json.loads(gzip.decompress(packed))
    fits(report, "report")
    fits(report["date-range"], "date-range")
    first, last = (datetime.datetime.strptime(
        report["date-range"][name], "%Y-%m-%dT%H:%M:%SZ")
        for name in ("start-datetime", "end-datetime"))
    true((last - first).total_seconds() == DAY - 1, report["date-range"])
    true(report["organization-name"] == "office.test", report)
    true(report["contact-info"] == FROM, report)
    true(len(report["policies"]) > 0, report)
    for one in report["policies"]:
        true(set(one) <= {"policy", "summary", "failure-details"}, one)
        fits(one["policy"], "policy")
        true(one["policy"]["policy-type"] in (
            "sts", "tlsa", "no-policy-found"), one)
        fits(one["summary"], "summary")
        for details in one.get("failure-details", []):
            fits(details, "details")
            true(details["result-type"] in RESULTS, details)
        true(sum(details["failed-session-count"]
                 for details in one.get("failure-details", [])) ==
             one["summary"]["total-failure-session-count"], one)
    return report


class Reports(StsScene):
    """Whose domains ask for reports; `box` has those that come by mail."""

    def __init__(self, args, folder, labels, **options):
        super().__init__(args, folder, labels + ("box",), **options)
        self.posted = []
        self.web.posted = self.posted
        # what breaks its word is told nevertheless, and nobody is told of that
        self.box = self.domain("box", "expired", policy(
            "enforce", "mx.other.test"))
        self.ask_for("box", "mailto:loop@" + self.box)

    def start(self):
        self.hub.start()
        self.hub.run("-c", self.hub.conf, "dkim", "add", "office.test",
                     "--ed25519")

    def ask_for(self, label, *uris):
        self.names.table[("_smtp._tls.%s.%s" % (label, ZONE), TXT)] = [
            txt(b"v=TLSRPTv1; rua=" + ",".join(uris).encode())]

    def mails(self):
        """{domain: [report]}, each with the mail around it looked at."""
        found = {}
        for letter in list(self.hosts["box"].letters):
            mail = email.message_from_bytes(letter,
                                            policy=email.policy.default)
            domain = mail["TLS-Report-Domain"]
            if domain is None:
                continue
            true(mail["TLS-Report-Submitter"] == "office.test", letter)
            true(mail["From"].addresses[0].addr_spec == FROM, letter)
            true(mail.get_content_type() == "multipart/report" and
                 mail.get_param("report-type") == "tlsrpt", letter)
            true("d=office.test;" in mail["DKIM-Signature"], letter)
            words, file = mail.iter_parts()
            true(words.get_content_type() == "text/plain", letter)
            true(file.get_content_type() == "application/tlsrpt+gzip", letter)
            report = read(file.get_payload(decode=True))
            true(file.get_filename().startswith(
                "office.test!%s!" % domain), file.get_filename())
            found.setdefault(domain, []).append(report)
        return found

    def wait_mails(self, *domains):
        self.hub.wait_for(lambda: set(domains) <= set(self.mails()),
                          "no report", 60)
        return self.mails()


class Posted(Page):
    """What comes by HTTPS."""

    def do_POST(self):                          # pylint: disable=invalid-name
        length = int(self.headers["Content-Length"])
        self.server.posted.append((
            self.path, self.headers["Content-Type"], self.rfile.read(length)))
        self.send_response(201)
        self.end_headers()


def policies(reports, kind):
    return [one for report in reports for one in report["policies"]
            if one["policy"]["policy-type"] == kind]


def failures(reports, kind):
    return {(details["result-type"], details.get("receiving-mx-hostname"))
            for one in policies(reports, kind)
            for details in one.get("failure-details", [])}


def reports_say_how_tls_went(args, folder):
    """Each kind of policy and of failure, by mail."""
    labels = ("right", "untrusted", "testing", "other", "barred", "gone")
    scene = Reports(args, folder, labels, tls_report_from='"%s"' % FROM,
                    tls_report_seconds='"%ds"' % DAY)
    mine = {label: "mx.%s.%s" % (label, ZONE)
            for label in labels + ("stripped", "plain", "wordless", "bogus")}
    right = scene.domain("right", "named", policy("enforce", mine["right"]))
    for label in ("untrusted", "testing"):
        args.certs.make("late-" + label, mine[label], "DNS:" + mine[label],
                        "ca", -2)
    untrusted = scene.domain("untrusted", "late-untrusted", policy(
        "enforce", mine["untrusted"]))
    testing = scene.domain("testing", "late-testing", policy(
        "testing", mine["testing"]))
    other = scene.domain("other", "expired", policy("enforce", mine["other"]))
    barred = scene.domain("barred", "named", policy(
        "enforce", "mx.other.test"))
    gone = scene.domain("gone", "named", "", page=(404, "text/plain", "gone"))
    stripped = scene.add("stripped", None, [scene.tlsa("good")])
    bogus = scene.add("bogus", "self-signed", [scene.tlsa("self-signed")])
    scene.names.wrong.add(scene.proof("mx.bogus." + ZONE))
    plain = scene.add("plain", None, [])
    wordless = scene.add("wordless", None, [])      # it has not asked
    told = (right, untrusted, testing, other, barred, gone, stripped, bogus,
            plain)
    for domain in told:
        scene.ask_for(domain.split(".")[0], "mailto:tls@" + scene.box)
    try:
        scene.start()
        scene.send(*told, wordless)
        scene.wait_trace(untrusted, UNTRUSTED)
        scene.wait_trace(barred, BARRED)
        scene.wait_trace(stripped, NO_TLS)
        mails = scene.wait_mails(*told)
        one = policies(mails[right], "sts")[0]
        true(one["summary"] == {"total-successful-session-count": 1,
                                "total-failure-session-count": 0}, one)
        true(one["policy"]["mx-host"] == [mine["right"]], one)
        true("mode: enforce" in one["policy"]["policy-string"], one)
        true(failures(mails[untrusted], "sts") == {
            ("certificate-expired", mine["untrusted"])}, mails[untrusted])
        true(failures(mails[testing], "sts") == {
            ("certificate-expired", mine["testing"])}, mails[testing])
        true(failures(mails[other], "sts") == {
            ("certificate-host-mismatch", mine["other"])}, mails[other])
        true(failures(mails[barred], "sts") == {
            ("validation-failure", mine["barred"])}, mails[barred])
        true(failures(mails[gone], "sts") == {
            ("sts-policy-fetch-error", None)}, mails[gone])
        true(policies(mails[gone], "no-policy-found")[0]["summary"][
            "total-successful-session-count"] == 1, mails[gone])
        true(failures(mails[stripped], "tlsa") == {
            ("starttls-not-supported", mine["stripped"])}, mails[stripped])
        true(policies(mails[stripped], "tlsa")[0]["policy"][
            "policy-string"][0].startswith("3 0 1 "), mails[stripped])
        true(failures(mails[bogus], "tlsa") == {
            ("dnssec-invalid", mine["bogus"])}, mails[bogus])
        true(failures(mails[plain], "no-policy-found") == {
            ("starttls-not-supported", mine["plain"])}, mails[plain])
        # a test keeps nothing away
        true(len(scene.hosts["testing"].got) == 1, "testing got nothing")
        time.sleep(2 * DAY)
        mails = scene.mails()
        true(len(mails[right]) == 1, "told more than once:", mails[right])
        true(scene.box not in mails and wordless not in mails, mails)
        with open(scene.hub.log_path, encoding="utf-8") as file:
            log = file.read()
        true("system call" not in log, log)
    finally:
        scene.close()


def a_report_comes_by_https_after_a_restart(args, folder):
    """What was counted is in a file; it is posted, once."""
    scene = Reports(args, folder, ("posted",), tls_report_from='"%s"' % FROM,
                    tls_report_seconds='"%ds"' % DAY)
    scene.web.RequestHandlerClass = Posted
    domain = scene.domain("posted", "named", policy(
        "enforce", "mx.posted." + ZONE))
    scene.ask_for("posted", "https://mta-sts.%s:%d/tls" % (
        domain, scene.web.server_address[1]))
    try:
        scene.start()
        # nearly all of a day is left
        time.sleep(DAY - time.time() % DAY)
        scene.send(domain)
        scene.wait_trace(domain, "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        scene.hub.kill()
        scene.hub.start()
        scene.hub.wait_for(lambda: scene.posted, "nothing is posted", 60)
        time.sleep(DAY)
        true(len(scene.posted) == 1, "posted:", len(scene.posted))
        path, kind, packed = scene.posted[0]
        true(path == "/tls" and kind == "application/tlsrpt+gzip", path, kind)
        one = policies([read(packed)], "sts")[0]
        true(one["summary"]["total-successful-session-count"] == 1, one)
    finally:
        scene.close()


def nobody_is_told_unless_we_want_it(args, folder):
    """By default nothing is counted, and nothing is asked of DNS."""
    scene = Reports(args, folder, ("right",), tls_report_seconds='"1s"')
    domain = scene.domain("right", "named", policy(
        "enforce", "mx.right." + ZONE))
    scene.ask_for("right", "mailto:tls@" + scene.box)
    try:
        scene.start()
        scene.send(domain)
        scene.wait_trace(domain, "with TLSv1.3 TLS_AES_256_GCM_SHA384; ")
        time.sleep(4)
        true(not scene.mails(), scene.mails())
        true(not any(name.startswith("_smtp._tls.")
                     for name, _ in scene.names.asked), "it asked")
    finally:
        scene.close()


TESTS = (reports_say_how_tls_went, a_report_comes_by_https_after_a_restart,
         nobody_is_told_unless_we_want_it)

if __name__ == "__main__":
    main("tlsrpt", TESTS)
