"""The sample application for WSGI: gunicorn loads `wsgi:app`; run as a program it is served by wsgiref on the given port."""
import gzip
import hashlib
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

TEXT = b'A line of text.\n' * 100
LARGE = bytes(range(256)) * 4096


def app(environ, start_response):
    path = environ['PATH_INFO']

    def respond(status, body=b'', *headers):
        start_response(status, [('Content-Type', 'text/plain'), *headers])
        return [] if environ['REQUEST_METHOD'] == 'HEAD' else body if isinstance(body, list) else [body]

    def length(body):
        return ('Content-Length', str(len(body)))

    if path == '/text':
        validators = [('ETag', '"text-1"'), ('Last-Modified', 'Thu, 01 Jan 2026 00:00:00 GMT')]
        if 'HTTP_IF_NONE_MATCH' in environ or 'HTTP_IF_MODIFIED_SINCE' in environ:
            start_response('304 Not Modified', validators)
            return []
        return respond('200 OK', TEXT, length(TEXT), *validators)
    if path.startswith('/echo'):
        body = echo(environ)
        return respond('200 OK', body, length(body))
    if path == '/large':
        return respond('200 OK', LARGE, length(LARGE))
    if path == '/stream':
        return respond('200 OK', [b'one\n', b'two\n', b'three\n'])
    if path == '/gzip':
        body = gzip.compress(TEXT, mtime=0)
        return respond('200 OK', body, length(body), ('Content-Encoding', 'gzip'), ('Vary', 'Accept-Encoding'))
    if path == '/empty':
        start_response('204 No Content', [])
        return []
    if path == '/moved':
        return respond('302 Found', b'', length(b''), ('Location', '/text'))
    if path == '/cookies':
        cookies = [('Set-Cookie', 'a=1; Path=/; HttpOnly'), ('Set-Cookie', 'b="2, 3"; Path=/')]
        body = environ.get('HTTP_COOKIE', '').encode()
        return respond('200 OK', body, length(body), *cookies)
    if path == '/fails':
        raise RuntimeError('on purpose')
    return respond('404 Not Found', b'missing', length(b'missing'))


def echo(environ):
    """What arrived, without the headers that the client lists in X-Omit."""
    omitted = environ.get('HTTP_X_OMIT', '').split(',')
    stream = environ['wsgi.input']
    terminated = environ.get('wsgi.input_terminated', False)
    body = stream.read() if terminated else stream.read(int(environ.get('CONTENT_LENGTH') or 0))
    names = {key: key[5:].replace('_', '-').lower() for key in environ if key.startswith('HTTP_')}
    headers = sorted(f'{name}: {environ[key]}' for key, name in names.items() if name not in omitted)
    lines = [
        f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['QUERY_STRING']}",
        f"{environ.get('CONTENT_TYPE')} {len(body)} {hashlib.sha256(body).hexdigest()}",
        *headers,
    ]
    return '\n'.join(lines).encode()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == '__main__':
    make_server('127.0.0.1', int(sys.argv[1]), app, handler_class=QuietHandler).serve_forever()
