#!/usr/bin/env python3
"""Mail from Dovecot with access tokens: consent, refresh, proxies.

usage: oauth.py --bin DIR --conf FILE --folder DIR --hub DIR
                --log FILE --results FILE

The provider is a Dovecot that asks a token server of ours whether a token is
good (introspection), and that server itself: device codes (RFC 8628), a page for
browsers (RFC 8252, PKCE), refresh tokens that are changed with every use.  The
hub trusts their certificates by its tls_ca_file.
"""

import argparse
import base64
import hashlib
import http.client
import http.server
import json
import os
import re
import secrets
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             os.pardir))

from ports import free_ports    # noqa: E402 pylint: disable=C0413

ID = 5000               # any user that is nobody else's
GUARD = 120.0
SECRET = "canary/client secret&more"

CONF = """
protocols = pop3 imap
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
listen = 127.0.0.1
ssl = required
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
auth_mechanisms = xoauth2 oauthbearer
auth_verbose = yes
first_valid_uid = {id}
mail_location = maildir:~/Maildir
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={id} gid={id} home={folder}/mail/%n
}}
service pop3-login {{
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
}}
"""

OAUTH2 = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(data)


class State:
    """What the token server knows; every token it ever gave, too."""

    def __init__(self):
        self.lock = threading.Lock()
        self.user = None        # who consents next
        self.devices = {}       # device code: [user, asked, consented]
        self.codes = {}         # code: (user, challenge, redirect)
        self.refresh = {}       # refresh token: user; good
        self.older = {}         # one that was changed: by which
        self.access = {}        # access token: user; good
        self.given = []         # all of them
        self.refreshed = 0
        self.faults = []        # of who asked
        self.mode = "good"      # or: later, cut
        self.expires = 3600

    def token(self, kind, size):
        made = "canary-%s-%s" % (kind, secrets.token_urlsafe(size))
        self.given.append(made)
        return made

    def grant(self, user, changed=None):
        access = self.token("access", 900)
        refresh = self.token("refresh", 300)
        self.access[access] = user
        self.refresh[refresh] = user
        if changed is not None:
            self.older[changed] = refresh
        return {"access_token": access, "token_type": "Bearer",
                "expires_in": self.expires, "refresh_token": refresh}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body, **headers):
        data = json.dumps(body).encode() if body is not None else b""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.chunks:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for i in range(0, len(data), 100):
                part = data[i:i + 100]
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def form(self):
        size = int(self.headers.get("Content-Length", "0"))
        text = self.rfile.read(size).decode("ascii")
        return {name: values[0] for name, values in
                urllib.parse.parse_qs(text, strict_parsing=True).items()}

    def do_GET(self):
        state, url = self.server.state, urllib.parse.urlsplit(self.path)
        self.chunks = False
        asked = {name: values[0] for name, values in
                 urllib.parse.parse_qs(url.query).items()}
        with state.lock:
            if url.path != "/authorize" or \
                    asked.get("code_challenge_method") != "S256" or \
                    asked.get("client_id") != "the office":
                self.say(404, {})
                return
            code = state.token("code", 60)
            state.codes[code] = (state.user, asked["code_challenge"],
                                 asked["redirect_uri"])
        self.say(302, None, Location=asked["redirect_uri"] + "?" +
                 urllib.parse.urlencode({"code": code,
                                         "state": asked["state"]}))

    def do_POST(self):
        state, form = self.server.state, self.form()
        self.chunks = self.path == "/token"
        with state.lock:
            if self.path == "/introspect":
                user = state.access.get(form.get("token", ""))
                self.say(200, {"active": user is not None, "username": user})
                return
            if form.get("client_id") != "the office" or \
                    form.get("client_secret") != SECRET:
                state.faults.append("another client: %r" % form)
                self.say(401, {"error": "invalid_client"})
            elif self.path == "/device":
                self.device(state, form)
            elif self.path == "/token":
                self.give(state, form)
            else:
                self.say(404, {})

    def device(self, state, form):
        if form.get("scope") != "mail offline":
            state.faults.append("scope %r" % form.get("scope"))
        code = state.token("device", 60)
        state.devices[code] = [state.user, 0, False]
        self.say(200, {"device_code": code, "user_code": "WDJB-MJHT",
                       "verification_uri": "https://127.0.0.1/consent",
                       "expires_in": 60, "interval": 1})

    def give(self, state, form):
        kind = form.get("grant_type")
        if kind == "refresh_token":
            self.renew(state, form.get("refresh_token"))
        elif kind == "authorization_code":
            user, challenge, redirect = state.codes.pop(
                form.get("code"), (None, None, None))
            made = base64.urlsafe_b64encode(hashlib.sha256(
                form.get("code_verifier", "").encode()).digest())
            if user is None or made.rstrip(b"=").decode() != challenge or \
                    form.get("redirect_uri") != redirect:
                state.faults.append("a code without its verifier")
                self.say(400, {"error": "invalid_grant"})
            else:
                self.say(200, state.grant(user))
        else:
            device = state.devices.get(form.get("device_code"))
            if device is None:
                self.say(400, {"error": "expired_token"})
                return
            device[1] += 1
            if device[2]:
                self.say(200, state.grant(device[0]))
            else:
                self.say(400, {"error": "authorization_pending"})

    def renew(self, state, token):
        state.refreshed += 1
        if state.mode == "later":
            self.say(503, {"error": "temporarily_unavailable"})
            return
        user = state.refresh.get(token)
        if user is None:
            self.say(400, {"error": "invalid_grant",
                           "error_description": "Token has been revoked."})
            return
        # whoever uses the new one gives the old one up, not before
        for old, new in list(state.older.items()):
            if new == token:
                state.refresh.pop(old, None)
                state.older.pop(old)
        made = state.grant(user, token)
        if state.mode == "cut":
            # it is given, and the answer is lost on the way
            state.mode = "good"
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.say(200, made)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


def serve(state, port, context=None):
    server = Server(("127.0.0.1", port), Handler)
    server.state = state
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


class Proxy(socketserver.ThreadingTCPServer):
    """SOCKS5 (RFC 1928) with a login, or HTTP's CONNECT; counts its visitors."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port, kind):
        self.kind, self.targets = kind, []
        super().__init__(("127.0.0.1", port), ProxyHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


class ProxyHandler(socketserver.BaseRequestHandler):
    def hear(self, count):
        data = b""
        while len(data) < count:
            more = self.request.recv(count - len(data))
            if not more:
                raise OSError("cut")
            data += more
        return data

    def socks(self):
        methods = self.hear(self.hear(2)[1])
        if b"\x02" not in methods:
            raise OSError("no login")
        self.request.sendall(b"\x05\x02")
        name = self.hear(self.hear(2)[1])
        word = self.hear(self.hear(1)[0])
        if (name, word) != (b"bob", b"canary:proxy"):
            self.request.sendall(b"\x01\x01")
            raise OSError("another login")
        self.request.sendall(b"\x01\x00")
        kind = self.hear(4)[3]
        host = socket.inet_ntoa(self.hear(4)) if kind == 1 else \
            self.hear(self.hear(1)[0]).decode()
        port = int.from_bytes(self.hear(2), "big")
        self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
        return host, port

    def connect(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.hear(1)
        method, target = head.split(b" ")[:2]
        if method != b"CONNECT":
            raise OSError("no CONNECT")
        self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, port = target.decode().rsplit(":", 1)
        return host.strip("[]"), int(port)

    def pump(self, source, sink):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def handle(self):
        try:
            host, port = self.socks() if self.server.kind == "socks5" else \
                self.connect()
            self.server.targets.append(port)
            with socket.create_connection((host, port), GUARD) as target:
                back = threading.Thread(target=self.pump, args=(
                    target, self.request), daemon=True)
                back.start()
                self.pump(self.request, target)
                back.join(GUARD)
        except OSError:
            pass


class Dovecot:
    def __init__(self, folder, certificate, token_port):
        self.folder = os.path.join(folder, "dovecot")
        self.pop3s, self.imaps = free_ports(2)
        os.makedirs(self.folder)
        for name in ("certificate.pem", "key.pem"):
            with open(os.path.join(certificate, name), "rb") as file:
                write(os.path.join(self.folder, name), file.read().decode())
        write(self.folder + "/oauth2.conf", OAUTH2.format(port=token_port))
        write(self.folder + "/dovecot.conf", CONF.format(
            folder=self.folder, id=ID, pop3s=self.pop3s, imaps=self.imaps))
        os.makedirs(self.folder + "/mail")
        os.chmod(folder, 0o711)
        self.chown()
        self.process = subprocess.Popen(
            ["/usr/sbin/dovecot", "-F", "-c", self.folder + "/dovecot.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.pop3s), 5).close()
                return
            except OSError:
                time.sleep(0.05)
        raise OSError("Dovecot does not begin")

    def chown(self):
        subprocess.run(["chown", "-R", str(ID), self.folder + "/mail"],
                       check=True)

    def put(self, user, name):
        box = os.path.join(self.folder, "mail", user, "Maildir")
        for part in ("new", "cur", "tmp"):
            os.makedirs(os.path.join(box, part), exist_ok=True)
        write(os.path.join(box, "new", name), "From: a@x.test\nTo: ann@"
              "office.test\nSubject: %s\n\n%s\n" % (name, name))
        self.chown()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(GUARD)


class Test:
    def __init__(self, args):
        self.args = args
        self.results = open(args.results, "a", encoding="utf-8")
        self.failed = False
        self.state = State()
        self.count = 0
        tls, plain = free_ports(2)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate = os.path.join(args.folder, "tls")
        context.load_cert_chain(certificate + "/certificate.pem",
                                certificate + "/key.pem")
        self.trust = ssl.create_default_context(
            cafile=certificate + "/certificate.pem")
        serve(self.state, tls, context)
        serve(self.state, plain)
        self.url = "https://127.0.0.1:%d" % tls
        self.token_port = tls
        self.dovecot = Dovecot(args.folder, certificate, plain)

    def say(self, why, name):
        self.failed = self.failed or bool(why)
        line = "%s oauth %s %s" % ("fail" if why else "pass", name, why)
        self.results.write(line.strip().splitlines()[0] + "\n")
        self.results.flush()
        if why:
            print(line)

    def command(self, words):
        return [os.path.join(self.args.bin, "postroom"), "-c",
                self.args.conf, *words]

    def postroom(self, *words):
        done = subprocess.run(
            self.command(words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=GUARD,
            check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def fetch(self, label):
        """How "fetch now" ended there, and how many it took."""
        _, text = self.postroom("fetch", "now", "ann@office.test", "--label",
                                label, "--json")
        try:
            row = json.loads(text)["result"][0]
            return row["result"], row["taken"], row["words"]
        except (ValueError, KeyError, IndexError):
            return text, 0, ""

    def expect(self, label, want, taken):
        result, count, words = self.fetch(label)
        return "" if (result, count) == (want, taken) else \
            "%s: %d taken, %s (%s) instead of %s, %d" % (
                label, count, result, words, want, taken)

    def new(self, user):
        self.count += 1
        self.dovecot.put(user, "%s-%d" % (user, self.count))

    # consent

    def by_device(self, process):
        """What a person does who reads the code."""
        text = ""
        while "WDJB-MJHT" not in text:
            line = process.stdout.readline()
            if not line:
                return text
            text += line
        time.sleep(2.5)         # it is asked in the meantime
        with self.state.lock:
            for device in self.state.devices.values():
                device[2] = True
        return text

    def by_browser(self, process):
        """What a browser does that is sent to that page."""
        text, found = "", None
        while found is None:
            line = process.stdout.readline()
            if not line:
                return text
            text += line
            found = re.search(r"https://\S+/authorize\?\S+", text)
        url = urllib.parse.urlsplit(found.group(0))
        page = http.client.HTTPSConnection(url.hostname, url.port,
                                           context=self.trust, timeout=GUARD)
        page.request("GET", url.path + "?" + url.query)
        back = urllib.parse.urlsplit(page.getresponse().headers["Location"])
        # somebody else on this machine guesses at the port
        for path in ("/favicon.ico", "/?code=evil&state=evil"):
            other = http.client.HTTPConnection(back.hostname, back.port,
                                               timeout=GUARD)
            other.request("GET", path)
            other.getresponse().read()
        page = http.client.HTTPConnection(back.hostname, back.port,
                                          timeout=GUARD)
        page.request("GET", back.path + "?" + back.query)
        if page.getresponse().status != 200:
            text += "the browser was not welcome"
        return text

    def consent(self, words, user, person):
        with self.state.lock:
            self.state.user = user
        process = subprocess.Popen(
            self.command(words), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "LC_ALL": "C", "DISPLAY": ""})
        text = person(process)
        try:
            rest, _ = process.communicate(timeout=GUARD)
        except subprocess.TimeoutExpired:
            process.kill()
            rest = "it does not end"
        return "" if process.returncode == 0 else text + rest

    def add(self, user, person, *more, protocol="pop3"):
        self.new(user)
        port = self.dovecot.pop3s if protocol == "pop3" else \
            self.dovecot.imaps
        return self.consent(
            ["fetch", "add", "ann@office.test", "--label", user, "--host",
             "127.0.0.1", "--port", str(port), "--tls", "implicit",
             "--user", user, "--oauth", "local", "--protocol", protocol,
             "--all", "--keep", *more], user, person)

    def register(self):
        secret = os.path.join(self.args.folder, "client-secret")
        write(secret, SECRET + "\n")
        code, text = self.postroom(
            "oauth", "set", "local", "--client-id", "the office",
            "--client-secret-file", secret, "--token-url",
            self.url + "/token", "--device-url", self.url + "/device",
            "--authorize-url", self.url + "/authorize", "--scope",
            "mail offline")
        os.unlink(secret)
        return "" if code == 0 else text

    # faults

    def expired(self):
        """F47: the token that is held is refused before its time."""
        self.new("device")
        with self.state.lock:
            before = self.state.refreshed
            self.state.access.clear()
        return self.expect("device", "done", 1) or (
            "" if self.state.refreshed == before + 1 else "it was not renewed")

    def held(self):
        """One that is good is used again."""
        with self.state.lock:
            before = self.state.refreshed
        return self.expect("device", "done", 0) or (
            "" if self.state.refreshed == before else "it was renewed")

    def cut(self):
        """The answer with a changed refresh token is lost."""
        self.new("device")
        with self.state.lock:
            self.state.access.clear()
            self.state.mode = "cut"
        lost = self.fetch("device")
        if lost[0] == "done":
            return "the answer was not lost"
        return self.expect("device", "done", 1)

    def older(self):
        """The newest is refused, the one before it is not."""
        self.new("device")
        with self.state.lock:
            self.state.access.clear()
            # put the clock back to before the last change
            old = [old for old, new in self.state.older.items()
                   if self.state.refresh.get(new) == "device"]
            for token in old:
                self.state.refresh.pop(self.state.older[token])
            if not old:
                return "there is none"
        return self.expect("device", "done", 1)

    def later(self):
        with self.state.lock:
            self.state.access.clear()
            self.state.mode = "later"
        why = self.expect("device", "busy", 0)
        with self.state.lock:
            self.state.mode = "good"
        return why or self.expect("device", "done", 0)

    def revoked(self):
        self.new("device")
        with self.state.lock:
            self.state.access.clear()
            for token, user in list(self.state.refresh.items()):
                if user == "device":
                    self.state.refresh.pop(token)
        return self.expect("device", "consent", 0) or self.consent(
            ["fetch", "consent", "ann@office.test", "device"], "device",
            self.by_device) or self.expect("device", "done", 1)

    def declined(self):
        def person(process):
            text = ""
            while "WDJB-MJHT" not in text:
                text += process.stdout.readline()
            with self.state.lock:
                self.state.devices.clear()
            return text
        why = self.consent(["fetch", "consent", "ann@office.test", "device"],
                           "device", person)
        return "" if "in time" in why else "it says " + why

    def proxy(self, kind, login):
        port, = free_ports(1)
        proxy = Proxy(port, kind)
        words = ["fetch", "way", "ann@office.test", "--label", "browser",
                 "--proxy", "%s://127.0.0.1:%d" % (kind, port)]
        if login:
            secret = os.path.join(self.args.folder, "proxy-secret")
            write(secret, "canary:proxy\n")
            words += ["--proxy-user", "bob", "--proxy-password-file", secret]
        code, text = self.postroom(*words)
        if login:
            os.unlink(secret)
        if code != 0:
            return text
        self.new("browser")
        with self.state.lock:
            self.state.access.clear()
        why = self.expect("browser", "done", 1)
        wanted = {self.token_port, self.dovecot.pop3s}
        return why or ("" if set(proxy.targets) == wanted else
                       "it carried %r" % proxy.targets)

    def counted(self):
        """What login servers were asked is of the mailbox it was for."""
        until = time.monotonic() + GUARD
        while time.monotonic() < until:
            code, text = self.postroom("line", "report", "--json")
            if code != 0:
                return text
            found = {row["label"]: (row["received"], row["sent"])
                     for row in json.loads(text)["result"]
                     if row["cause"] == "oauth"}
            if {"device", "browser", "imap"} <= set(found):
                break
            time.sleep(0.5)
        else:
            return "not of all: %s" % found
        # TLS 1.3 and one POST and its answer, at the least
        return "" if all(min(both) > 500 for both in found.values()) else \
            "that is too little: %s" % found

    def canaries(self):
        """A55: no token and no secret stands in a file of the hub's."""
        sought = [token.encode() for token in self.state.given
                  if not token.startswith("canary-code")]
        sought += [SECRET.encode(), b"canary:proxy", b"canary-code"]
        found, looked = [], False
        for folder, _, names in os.walk(self.args.hub):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                # who we are there is no secret, and stands there
                looked = looked or b"the office" in data
                if any(token in data for token in sought):
                    found.append(path)
        with open(self.args.log, "rb") as file:
            data = file.read()
        if any(token in data for token in sought):
            found.append(self.args.log)
        if found:
            return "in " + ", ".join(found)
        return "" if looked else "the hub's files are not there"

    def run(self):
        self.say(self.register(), "a provider is registered")
        self.say(self.add("device", self.by_device) or
                 self.expect("device", "done", 1), "by a code, XOAUTH2, POP3")
        self.say(self.add("browser", self.by_browser, "--browser",
                          "--mechanism", "oauthbearer") or
                 self.expect("browser", "done", 1),
                 "by a browser, OAUTHBEARER, POP3")
        self.say(self.add("imap", self.by_device, protocol="imap") or
                 self.expect("imap", "done", 1), "by a code, XOAUTH2, IMAP")
        self.say(self.held(), "a token that is good is used again")
        self.say(self.expired(), "F47 a token that was taken back is renewed")
        self.say(self.cut(), "an answer that is lost loses no grant")
        self.say(self.older(), "the token before the last still opens")
        self.say(self.later(), "a login server that is busy is asked later")
        self.say(self.revoked(), "a revoked grant wants consent, and takes it")
        self.say(self.declined(), "a code that expires says so")
        self.say(self.proxy("http", False), "through an HTTP proxy")
        self.say(self.proxy("socks5", True), "through SOCKS5 with a login")
        self.say("; ".join(self.state.faults), "every question was right")
        self.say(self.counted(), "what login servers were asked is counted")
        self.say(self.canaries(), "A55 no token in any file")
        self.dovecot.stop()
        if self.failed:
            with open(self.dovecot.folder + "/dovecot.log",
                      encoding="utf-8") as file:
                print(file.read()[-3000:])
        return self.failed


def main():
    parser = argparse.ArgumentParser()
    for name in ("--bin", "--conf", "--folder", "--results", "--hub",
                 "--log"):
        parser.add_argument(name, required=True)
    test = Test(parser.parse_args())
    try:
        return test.run()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError,
            http.client.HTTPException) as fault:
        test.say(str(fault), "broke off")
        test.dovecot.stop()
        return True


if __name__ == "__main__":
    sys.exit(main())
