/** The sample application with Express, on the port given as the first argument; the second is a file to send. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import express from 'express';

const [port, file] = process.argv.slice(2);
const text = 'A line of text.\n'.repeat(100);
const large = Buffer.alloc(1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
const validators = { ETag: '"text-1"', 'Last-Modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
const app = express();
app.use(express.raw({ type: () => true, limit: '10mb' }));
app.get('/text', (_, response) => response.set(validators).type('text').send(text));
app.all(/^\/echo/, (request, response) => response.type('text').send(echo(request)));
app.get('/large', (_, response) => response.send(large));
app.get('/stream', (_, response) => {
  response.type('text');
  for (const line of ['one\n', 'two\n']) response.write(line);
  response.end('three\n');
});
app.get('/gzip', (_, response) => response.set('Content-Encoding', 'gzip').vary('Accept-Encoding').send(gzipSync(text)));
app.get('/file', (_, response) => response.sendFile(file));
app.get('/empty', (_, response) => response.sendStatus(204));
app.get('/moved', (_, response) => response.redirect('/text'));
app.get('/cookies', (request, response) =>
  response.cookie('a', '1', { httpOnly: true }).cookie('b', '2, 3').send(request.get('cookie') ?? ''),
);
app.get('/early', (_, response) =>
  response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' }, () => response.type('text').send(text)),
);
app.get('/fails', () => {
  throw new Error('on purpose');
});
app.listen(Number(port), '127.0.0.1');

/** What arrived, without the headers that the client lists in X-Omit. */
function echo(request) {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const omitted = (request.get('x-omit') ?? '').split(',');
  const headers = Object.entries(request.headersDistinct).filter(([name]) => !omitted.includes(name));
  return [
    `${request.method} ${request.originalUrl}`,
    `${body.length} ${createHash('sha256').update(body).digest('hex')}`,
    ...headers.map(([name, values]) => `${name}: ${values.join(' | ')}`).sort(),
  ].join('\n');
}
