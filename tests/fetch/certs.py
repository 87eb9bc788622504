"""Certificates of every kind, made by openssl while the tests run.

HOST is what the client asks for.  Nobody may trust those of BAD; "good" and
"wildcard" (for HOST) and "address" (for 127.0.0.1) are trusted by whoever
trusts authority().
"""

import hashlib
import os
import ssl
import subprocess

HOST = "pop.provider.test"

# name: why nobody may trust it, subject, extensions, signed by, days
BAD = {
    "expired": ("its time is over", HOST, "DNS:" + HOST, "ca", -2),
    "not-yet": ("its time has not come", HOST, "DNS:" + HOST, "ca", 2),
    "wrong-host": ("another host's", "other.test", "DNS:other.test", "ca", 0),
    "self-signed": ("signed by itself", HOST, "DNS:" + HOST, None, 0),
    "unknown-authority": ("an authority of its own", HOST, "DNS:" + HOST,
                          "stranger", 0),
    "nul-in-name": ("a NUL cuts the alternative name", HOST, b"dns", "ca", 0),
    "nul-in-subject": ("a NUL cuts the subject", b"cn", None, "ca", 0),
    "wide-wildcard": ("a wildcard of a whole domain", "x.test", "DNS:*.test",
                      "ca", 0),
    "other-address": ("an address that is not the host's", HOST,
                      "IP:192.0.2.1", "ca", 0),
    "name-only-in-subject": ("the names say another host", HOST,
                             "DNS:other.test", "ca", 0),
    "leaf-as-authority": ("signed by one that may not sign", HOST,
                          "DNS:" + HOST, "leaf", 0),
    "for-clients-only": ("not for servers", HOST, "DNS:" + HOST, "ca", 0),
}


def run(*words, given=None):
    subprocess.run(["openssl", *words], input=given, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def day(offset):
    """A date for `openssl ca`, this many days from now."""
    done = subprocess.run(["date", "-u", "-d", "%d days" % offset,
                           "+%Y%m%d%H%M%SZ"], check=True,
                          stdout=subprocess.PIPE)
    return done.stdout.decode().strip()


def der(tag, content):
    assert len(content) < 128
    return bytes((tag, len(content))) + content


class Certificates:
    """All of them below `folder`."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.serial = 0
        for name in ("ca", "stranger"):
            self.key(name)
            run("req", "-new", "-x509", "-key", self.path(name, "key"),
                "-subj", "/CN=Authority " + name, "-days", "30",
                "-addext", "basicConstraints=critical,CA:TRUE",
                "-out", self.path(name, "pem"))
        self.make("leaf", "leaf.test", "DNS:leaf.test", "ca", 0)
        self.make("good", HOST, "DNS:" + HOST, "ca", 0)
        self.make("address", "127.0.0.1", "IP:127.0.0.1", "ca", 0)
        self.make("wildcard", "x.test", "DNS:*.provider.test", "ca", 0)
        for name, row in BAD.items():
            self.make(name, *row[1:])

    def path(self, name, kind):
        return os.path.join(self.folder, "%s.%s" % (name, kind))

    def key(self, name):
        run("genpkey", "-algorithm", "EC", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-out", self.path(name, "key"))

    def make(self, name, subject, names, signer, days):
        self.key(name)
        extensions = ["basicConstraints=CA:FALSE"]
        if names == b"dns":
            names = "DER:" + der(0x30, der(
                0x82, HOST.encode() + b"\0.evil.test")).hex(":")
        if names:
            extensions.append("subjectAltName=" + names)
        if name == "for-clients-only":
            extensions.append("extendedKeyUsage=clientAuth")
        with open(self.path(name, "ext"), "w", encoding="ascii") as file:
            file.write("\n".join(extensions) + "\n")
        begin, end = {-2: (-10, -2), 2: (2, 30)}.get(days, (-1, 30))
        config = self.path(name, "cnf")
        self.serial += 1
        for file, text in (("txt", ""), ("srl", "%04X\n" % self.serial)):
            with open(self.path(name, file), "w", encoding="ascii") as out:
                out.write(text)
        with open(config, "w", encoding="ascii") as file:
            file.write("[ca]\ndefault_ca=a\n[a]\ndatabase=%s\nserial=%s\n"
                       "new_certs_dir=%s\ndefault_md=sha256\npolicy=p\n"
                       "unique_subject=no\n[p]\ncommonName=optional\n"
                       % (self.path(name, "txt"), self.path(name, "srl"),
                          self.folder))
        request = self.path(name, "csr")
        if subject == b"cn":
            self.nul_request(name, request)
        else:
            run("req", "-new", "-key", self.path(name, "key"), "-subj",
                "/CN=" + subject, "-out", request)
        by = ["-selfsign", "-keyfile", self.path(name, "key")] \
            if signer is None else \
            ["-cert", self.path(signer, "pem"),
             "-keyfile", self.path(signer, "key")]
        run("ca", "-batch", "-config", config, "-in", request, "-notext",
            "-startdate", day(begin), "-enddate", day(end), "-extfile",
            self.path(name, "ext"), "-out", self.path(name, "pem"), *by)
        if signer == "leaf":
            with open(self.path(name, "pem"), "a", encoding="ascii") as file, \
                    open(self.path("leaf", "pem"), encoding="ascii") as leaf:
                file.write(leaf.read())

    def nul_request(self, name, path):
        """A request whose common name holds a NUL: patched in and signed."""
        mark = HOST + "X.evil.test"
        run("req", "-new", "-key", self.path(name, "key"), "-subj",
            "/CN=" + mark, "-outform", "DER", "-out", path + ".der")
        with open(path + ".der", "rb") as file:
            request = file.read()
        # CertificationRequest: the part that is signed is its first member
        head = 4 if request[1] == 0x82 else 3 if request[1] == 0x81 else 2
        size = head_and_body(request[head:])
        body = request[head:head + size].replace(
            mark.encode(), HOST.encode() + b"\0.evil.test")
        with open(path + ".body", "wb") as file:
            file.write(body)
        run("dgst", "-sha256", "-sign", self.path(name, "key"), "-out",
            path + ".sig", path + ".body")
        with open(path + ".sig", "rb") as file:
            signature = file.read()
        # ecdsa-with-SHA256, then the signature
        rest = der(0x30, der(0x06, bytes.fromhex("2a8648ce3d040302"))) + \
            der(0x03, b"\0" + signature)
        whole = body + rest
        with open(path + ".der", "wb") as file:
            file.write(b"\x30\x82" + len(whole).to_bytes(2, "big") + whole)
        run("req", "-inform", "DER", "-in", path + ".der", "-out", path)

    def context(self, name):
        """Of a server that shows this one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path(name, "pem"),
                                self.path(name, "key"))
        return context

    def authority(self):
        return self.path("ca", "pem")

    def print(self, name):
        """SHA-256 of the certificate, as a pin is given."""
        with open(self.path(name, "pem"), encoding="ascii") as file:
            text = file.read()
        end = "-----END CERTIFICATE-----"
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(
            text[:text.index(end) + len(end)])).hexdigest()


def head_and_body(data):
    """Bytes of the first DER value, its head with it."""
    if data[1] < 0x80:
        return 2 + data[1]
    count = data[1] & 0x7f
    return 2 + count + int.from_bytes(data[2:2 + count], "big")
