// The service behind the gateway: the files of the page under /app/, and orders that tell who asked.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const types = { 'index.html': 'text/html', 'page.css': 'text/css', 'page.js': 'text/javascript', 'session.js': 'text/javascript' };
const files = new Map(
  Object.entries(types).map(([name, type]) => [
    `/app/${name === 'index.html' ? '' : name}`,
    { type: `${type}; charset=utf-8`, bytes: readFileSync(new URL(name, import.meta.url)) },
  ]),
);
// Scripts from this origin only: injected markup cannot run, and nothing can be sent elsewhere.
const policy = "default-src 'none'; img-src data:; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const server = createServer(({ method, url, headers }, answer) => {
  const file = files.get(url);
  if (file !== undefined) {
    answer.writeHead(200, {
      'content-type': file.type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    });
    answer.end(method === 'HEAD' ? undefined : file.bytes);
  } else if (url.startsWith('/orders/')) {
    // Only the gateway can set these two; no credential comes this far.
    const { 'user-id': user, groups } = headers;
    answer.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    answer.end(JSON.stringify({ order: url.slice('/orders/'.length), 'user-id': user, groups }));
  } else {
    answer.writeHead(404).end();
  }
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`service on http://127.0.0.1:${server.address().port}`);
});
