"""Refuses every upload with 413 before it reads the body, and closes the connection. Arguments: http.server or wsgiref, and for TLS
the folder of certificate and key."""
import ssl
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

refusal = b"too large"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(413)
        self.send_header("Content-Length", str(len(refusal)))
        self.end_headers()
        self.wfile.write(refusal)

    def log_message(self, *_):
        pass


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def application(_, start_response):
    start_response("413 Content Too Large", [("Content-Length", str(len(refusal)))])
    return [refusal]


if sys.argv[1] == "http.server":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
else:
    server = make_server("127.0.0.1", 0, application, Threaded, Silent)
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{sys.argv[2]}/certificate", f"{sys.argv[2]}/key")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_port, flush=True)
server.serve_forever()
