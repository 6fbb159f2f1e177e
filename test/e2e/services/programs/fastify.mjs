/** The sample application with Fastify, on the port given as the first argument. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fastify from 'fastify';

const text = 'A line of text.\n'.repeat(100);
const large = Buffer.alloc(1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
const validators = { etag: '"text-1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
const app = fastify({ bodyLimit: 10 * 1024 * 1024 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
app.get('/text', (request, reply) => {
  const { headers } = request;
  const fresh = headers['if-none-match'] !== undefined || headers['if-modified-since'] !== undefined;
  reply.headers(validators);
  return fresh ? reply.code(304).send() : text;
});
app.all('/echo', (request) => echo(request));
app.all('/echo/*', (request) => echo(request));
app.get('/large', (_, reply) => reply.send(large));
app.get('/stream', (_, reply) => reply.type('text/plain').send(Readable.from(['one\n', 'two\n', 'three\n'])));
app.get('/gzip', (_, reply) => reply.headers({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' }).send(gzipSync(text)));
app.get('/empty', (_, reply) => reply.code(204).send());
app.get('/moved', (_, reply) => reply.redirect('/text'));
app.get('/cookies', (request, reply) =>
  reply.header('set-cookie', ['a=1; Path=/; HttpOnly', 'b="2, 3"; Path=/']).send(request.headers.cookie ?? ''),
);
app.get('/early', (_, reply) => {
  reply.raw.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => reply.send(text));
  return reply;
});
app.get('/fails', () => {
  throw new Error('on purpose');
});
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });

/** What arrived, without the headers that the client lists in X-Omit. */
function echo({ method, url, body = Buffer.alloc(0), headers, raw }) {
  const omitted = (headers['x-omit'] ?? '').split(',');
  const left = Object.entries(raw.headersDistinct).filter(([name]) => !omitted.includes(name));
  return [
    `${method} ${url}`,
    `${body.length} ${createHash('sha256').update(body).digest('hex')}`,
    ...left.map(([name, values]) => `${name}: ${values.join(' | ')}`).sort(),
  ].join('\n');
}
