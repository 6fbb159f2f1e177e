"""Sends the requests on standard input, one a line, with the library named by the first argument, and prints what came back.

Fields are separated by tabs. In: id, method, URL, framing of the body (none, length, chunked), file with the body, headers.
Out: id, status, reason, length and SHA-256 of the body, headers; or id, "error", text.
"""
import asyncio
import hashlib
import sys


def parse(line):
    number, method, url, framing, file, *headers = line.rstrip('\n').split('\t')
    data = None
    if framing != 'none':
        with open(file, 'rb') as body:
            data = body.read() if framing == 'length' else parts(body.read())
    return number, method, url, dict(header.split(': ', 1) for header in headers), data


def parts(data):
    for start in range(0, len(data), 50_000):
        yield data[start : start + 50_000]


def tell(number, status, reason, body, headers):
    digest = hashlib.sha256(body).hexdigest()
    print(number, status, reason, len(body), digest, *(f'{name}: {value}' for name, value in headers), sep='\t')


def with_requests():
    import requests

    session = requests.Session()
    # Neither a proxy nor credentials from this machine.
    session.trust_env = False

    def send(number, method, url, headers, data):
        with session.request(method, url, headers=headers, data=data, stream=True, timeout=20) as response:
            body = response.raw.read(decode_content=False)
            tell(number, response.status_code, response.reason, body, response.raw.headers.items())

    each(send)


def with_httpx():
    import httpx

    with httpx.Client(timeout=20, trust_env=False) as client:

        def send(number, method, url, headers, data):
            with client.stream(method, url, headers=headers, content=data) as response:
                raw = [(name.decode(), value.decode('latin1')) for name, value in response.headers.raw]
                tell(number, response.status_code, response.reason_phrase, b''.join(response.iter_raw()), raw)

        each(send)


def each(send):
    for line in sys.stdin:
        number, method, url, headers, data = parse(line)
        try:
            send(number, method, url, headers, data)
        except Exception as error:
            print(number, 'error', repr(error).replace('\n', ' '), sep='\t')


async def with_aiohttp():
    import aiohttp

    async def chunks(data):
        for part in data:
            yield part

    timeout = aiohttp.ClientTimeout(total=20)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session:
        for line in sys.stdin:
            number, method, url, headers, data = parse(line)
            body = data if data is None or isinstance(data, bytes) else chunks(data)
            try:
                async with session.request(method, url, headers=headers, data=body) as response:
                    raw = [(name.decode(), value.decode('latin1')) for name, value in response.raw_headers]
                    tell(number, response.status, response.reason, await response.read(), raw)
            except Exception as error:
                print(number, 'error', repr(error).replace('\n', ' '), sep='\t')


if sys.argv[1] == 'aiohttp':
    asyncio.run(with_aiohttp())
else:
    {'requests': with_requests, 'httpx': with_httpx}[sys.argv[1]]()
