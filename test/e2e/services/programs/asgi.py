"""The sample application for ASGI."""
import gzip
import hashlib

TEXT = b'A line of text.\n' * 100
LARGE = bytes(range(256)) * 4096


async def app(scope, receive, send):
    if scope['type'] != 'http':
        raise NotImplementedError(scope['type'])
    path = scope['path']
    asked = {name for name, _ in scope['headers']}

    async def respond(status, parts, *headers):
        plain = [] if status in (204, 304) else [(b'content-type', b'text/plain')]
        await send({'type': 'http.response.start', 'status': status, 'headers': plain + list(headers)})
        for part in parts:
            await send({'type': 'http.response.body', 'body': part, 'more_body': True})
        await send({'type': 'http.response.body'})

    async def whole(status, body, *headers):
        await respond(status, [body], (b'content-length', str(len(body)).encode()), *headers)

    if path == '/text':
        validators = [(b'etag', b'"text-1"'), (b'last-modified', b'Thu, 01 Jan 2026 00:00:00 GMT')]
        if asked & {b'if-none-match', b'if-modified-since'}:
            return await respond(304, [], *validators)
        return await whole(200, TEXT, *validators)
    if path.startswith('/echo'):
        return await whole(200, await echo(scope, receive))
    if path == '/large':
        return await whole(200, LARGE)
    if path == '/stream':
        return await respond(200, [b'one\n', b'two\n', b'three\n'])
    if path == '/gzip':
        return await whole(200, gzip.compress(TEXT, mtime=0), (b'content-encoding', b'gzip'), (b'vary', b'Accept-Encoding'))
    if path == '/empty':
        return await respond(204, [])
    if path == '/moved':
        return await whole(302, b'', (b'location', b'/text'))
    if path == '/cookies':
        cookies = [(b'set-cookie', b'a=1; Path=/; HttpOnly'), (b'set-cookie', b'b="2, 3"; Path=/')]
        return await whole(200, b'; '.join(value for name, value in scope['headers'] if name == b'cookie'), *cookies)
    if path == '/fails':
        raise RuntimeError('on purpose')
    await whole(404, b'missing')


async def echo(scope, receive):
    """What arrived, without the headers that the client lists in X-Omit."""
    body = b''
    while True:
        message = await receive()
        body += message.get('body', b'')
        if not message.get('more_body', False):
            break
    headers = [(name.decode(), value.decode('latin1')) for name, value in scope['headers']]
    omitted = next((value for name, value in headers if name == 'x-omit'), '').split(',')
    first = f"{scope['method']} {scope['raw_path'].decode()} {scope['query_string'].decode()}"
    rest = sorted(f'{name}: {value}' for name, value in headers if name not in omitted)
    return '\n'.join([first, f'{len(body)} {hashlib.sha256(body).hexdigest()}', *rest]).encode()
