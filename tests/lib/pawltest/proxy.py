"""What can go wrong between Pawl and the API server, at will.

Proxy speaks HTTP/1.1 to Pawl and to the API server, knows requests from one another, and breaks those that a Fault picks.
Relay passes bytes on (so that HTTP/2 stays what it is) and cuts connections. Both serve with the API server's own
certificate, so that a kubeconfig needs another address and nothing else.
"""
import http.client
import http.server
import json
import random
import re
import select
import socket
import socketserver
import ssl
import struct
import threading
import time

REASONS = {403: "Forbidden", 409: "Conflict", 410: "Expired", 422: "Invalid", 429: "TooManyRequests", 500: "InternalError",
           503: "ServiceUnavailable", 504: "Timeout"}


def status_object(code):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code,
            "reason": REASONS[code], "message": f"injected: {REASONS[code]}"}


def kubeconfig_to(port, path):
    """A kubeconfig like the one of this path, with the API server at another port of this machine."""
    text = open(path, encoding="utf-8").read()
    copy = f"{path}.{port}"
    with open(copy, "w", encoding="utf-8") as f:
        f.write(re.sub(r"https://127\.0\.0\.1:\d+", f"https://127.0.0.1:{port}", text))
    return copy


def reset_on_close(connection):
    """Closing it tells the other side "connection reset", as when its peer has died."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def end(connection):
    """Whoever reads from it gets an end."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


# ---- what can be done to a request: functions of an Exchange ----

def refuse(status, retry_after=None):
    """The API server never sees it."""
    def action(x):
        x.answer(status, status_object(status), {"Retry-After": str(retry_after)} if retry_after is not None else {})
    return action


def reset_before(x):
    """The connection breaks before the API server has seen it."""
    x.reset()


def reset_after(x):
    """The API server does it, and the connection breaks before the answer is passed on."""
    x.forward()
    x.reset()


def fail_after(status):
    """The API server does it; the answer is that it failed."""
    def action(x):
        x.forward()
        x.answer(status, status_object(status))
    return action


def cut_answer(x):
    """The API server does it, half of the answer is passed on, and the connection breaks."""
    status, headers, body = x.forward()
    x.send_head(status, headers, len(body))
    x.send(body[:len(body) // 2])
    x.reset()


def slow(size, pause):
    """The answer comes in pieces of some bytes with a pause (seconds) after each."""
    def action(x):
        status, headers, body = x.forward()
        x.send_head(status, headers, len(body))
        for at in range(0, len(body), size):
            x.send(body[at:at + size])
            time.sleep(pause)
    return action


def hold(gate):
    """The answer is there, and waits for a threading.Event."""
    def action(x):
        answer = x.forward()
        gate.wait(60)
        x.answer(answer[0], answer[2], answer[1])
    return action


def rewrite(pattern, by):
    """The API server gets another path."""
    def action(x):
        x.path = re.sub(pattern, by, x.path)
        x.pass_on()
    return action


def cut_event(events):
    """A watch: so many events pass, half of the next does, and the connection breaks."""
    def action(x):
        for i, line in enumerate(x.follow()):
            if i == events:
                x.send_chunk(line[:len(line) // 2])
                x.reset()
                return
            x.send_chunk(line)
        x.end_chunks()
    return action


def expire(events):
    """A watch: so many events pass, then one that says 410, and an orderly end."""
    def action(x):
        for i, line in enumerate(x.follow()):
            if i == events:
                break
            x.send_chunk(line)
        x.send_chunk(json.dumps({"type": "ERROR", "object": status_object(410)}).encode() + b"\n")
        x.end_chunks()
    return action


class Fault:
    """action for the requests with this method (None: all) whose path with its query matches; at most `times` of them,
    each by `chance`."""

    def __init__(self, action, method=None, path="", times=None, chance=1.0):
        self.action, self.method, self.path = action, method, re.compile(path)
        self.times, self.chance = times, chance
        self.done = 0

    def wants(self, method, path, dice):
        return (self.method in (None, method) and (self.times is None or self.done < self.times)
                and self.path.search(path) and dice.random() < self.chance)


class Exchange:
    """One request, and the ways to answer it."""

    def __init__(self, handler, body):
        self.handler, self.body = handler, body
        self.method, self.path = handler.command, handler.path
        self.status = None

    # ---- towards the API server ----

    def open(self):
        headers = {k: v for k, v in self.handler.headers.items()
                   if k.lower() not in ("host", "connection", "content-length", "transfer-encoding")}
        connection = self.handler.upstream(self.handler.headers.get("Authorization"))
        connection.request(self.method, self.path, self.body, headers)
        return connection.getresponse()

    def forward(self):
        """(status, headers, body) of the API server."""
        answer = self.open()
        self.status = answer.status
        return answer.status, dict(answer.getheaders()), answer.read()

    def follow(self):
        """The lines of a watch; the head of the answer is passed on. A client that goes ends it."""
        answer = self.open()
        self.status = answer.status
        if answer.status != 200:
            self.answer(answer.status, answer.read(), dict(answer.getheaders()))
            return
        self.send_head(200, dict(answer.getheaders()), None)
        upstream = self.handler.upstream_connection
        stream = upstream.sock
        gone = threading.Event()
        threading.Thread(target=self.handler.await_close, args=(stream, gone), daemon=True).start()
        self.handler.server.proxy.streams.add(stream)
        try:
            while line := answer.readline():
                yield line
        finally:
            gone.set()
            self.handler.server.proxy.streams.discard(stream)
            upstream.close()

    # ---- towards Pawl ----

    def send_head(self, status, headers, length):
        handler = self.handler
        handler.send_response(status)
        for key, value in headers.items():
            if key.lower() not in ("connection", "content-length", "transfer-encoding", "date", "server"):
                handler.send_header(key, value)
        if length is None:
            handler.send_header("Transfer-Encoding", "chunked")
        else:
            handler.send_header("Content-Length", str(length))
        handler.end_headers()

    def send(self, data):
        self.handler.wfile.write(data)

    def send_chunk(self, data):
        self.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end_chunks(self):
        self.send(b"0\r\n\r\n")

    def answer(self, status, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_head(status, {"Content-Type": "application/json", **(headers or {})}, len(data))
        self.send(data)

    def reset(self):
        reset_on_close(self.handler.connection)
        self.handler.close_connection = True

    def pass_on(self):
        if "watch=1" in self.path:
            for line in self.follow():
                self.send_chunk(line)
            if self.status == 200:
                self.end_chunks()
        else:
            status, headers, body = self.forward()
            self.answer(status, body, headers)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream_connection = None

    def upstream(self, authorization):
        """One connection to the API server for each of Pawl; as the administrator if Pawl says nothing about itself."""
        if self.upstream_connection is None:
            proxy = self.server.proxy
            context = proxy.anonymous if authorization else proxy.administrator
            self.upstream_connection = http.client.HTTPSConnection(proxy.host, proxy.port, context=context, timeout=600)
        return self.upstream_connection

    def await_close(self, upstream, gone):
        """Pawl sends nothing while it watches: when something comes, it is the end."""
        poll = select.poll()
        try:
            poll.register(self.connection.fileno(), select.POLLIN | select.POLLRDHUP)
            while not gone.is_set():
                if poll.poll(500):
                    end(upstream)
                    return
        except (OSError, ValueError):
            pass

    def serve(self):
        proxy = self.server.proxy
        length = int(self.headers.get("Content-Length") or 0)
        exchange = Exchange(self, self.rfile.read(length) if length else None)
        fault = proxy.pick(self.command, self.path)
        try:
            if fault:
                fault.action(exchange)
            else:
                exchange.pass_on()
        except (OSError, http.client.HTTPException):
            exchange.reset()
        proxy.note(exchange, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve

    def finish(self):
        if self.upstream_connection:
            self.upstream_connection.close()
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 100

    def finish_request(self, request, client_address):
        try:
            with self.proxy.context.wrap_socket(request, server_side=True) as connection:
                Handler(connection, client_address, self)
        except OSError:
            pass


class Proxy:
    """faults: those in effect; set it at any time. log: (method, path, status of the API server or None, was broken)."""

    def __init__(self, cluster, kube, seed=0):
        self.host, self.port = kube.host, kube.port
        self.administrator = kube.context
        self.anonymous = ssl.create_default_context(cafile=f"{cluster.state}/pki/ca.crt")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(f"{cluster.state}/pki/apiserver.crt", f"{cluster.state}/pki/apiserver.key")
        self.context.set_alpn_protocols(["http/1.1"])
        self.dice = random.Random(seed)
        self.faults = []
        self.log = []
        self.streams = set()  # sockets of open watches
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", 0), None)
        self.server.proxy = self
        self.own_port = self.server.server_address[1]
        self.kubeconfig = self.kubeconfig_like(cluster.kubeconfig)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def kubeconfig_like(self, path):
        return kubeconfig_to(self.own_port, path)

    def cut_streams(self):
        """All watches that are open end."""
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            end(stream)

    def pick(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault.wants(method, path, self.dice):
                    fault.done += 1
                    return fault
        return None

    def note(self, exchange, fault):
        with self.lock:
            self.log.append((exchange.method, exchange.path, exchange.status, fault is not None))

    def count(self, method, path="", since=0):
        """Requests that have reached the API server, from entry `since` of the log on."""
        with self.lock:
            return sum(1 for m, p, status, _ in self.log[since:] if m == method and status and re.search(path, p))

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Relay:
    """Bytes as they are. cut(): all connections break now. budget(): how many bytes of answers a new connection passes
    before it breaks; None: as many as come."""

    def __init__(self, cluster, port, budget=lambda: None):
        self.port, self.budget = port, budget
        self.pairs = []
        self.cuts = 0
        self.lock = threading.Lock()
        self.server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.own_port = self.server.getsockname()[1]
        self.kubeconfig = self.kubeconfig_like(cluster.kubeconfig)
        threading.Thread(target=self.accept, daemon=True).start()

    def kubeconfig_like(self, path):
        return kubeconfig_to(self.own_port, path)

    def accept(self):
        while True:
            try:
                client, _ = self.server.accept()
            except OSError:
                return
            try:
                upstream = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            pair = (client, upstream)
            with self.lock:
                self.pairs.append(pair)
            for args in ((client, upstream, pair, None), (upstream, client, pair, self.budget())):
                threading.Thread(target=self.copy, args=args, daemon=True).start()

    def copy(self, source, target, pair, budget):
        try:
            while data := source.recv(65536):
                if budget is not None and len(data) > budget:
                    target.sendall(data[:budget])
                    break
                target.sendall(data)
                budget = budget and budget - len(data)
        except OSError:
            pass
        self.drop(pair)

    def drop(self, pair):
        with self.lock:
            if pair not in self.pairs:
                return
            self.pairs.remove(pair)
            self.cuts += 1
        for connection in pair:
            try:
                reset_on_close(connection)
                connection.shutdown(socket.SHUT_RDWR)  # wakes the other thread
            except OSError:
                pass
            connection.close()

    def cut(self):
        for pair in list(self.pairs):
            self.drop(pair)

    def close(self):
        self.server.close()
        self.cut()
