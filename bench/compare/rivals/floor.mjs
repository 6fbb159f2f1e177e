// The floor: the minimum that a relay on raw sockets does in Node. One parser for heads and bodies, headers split in a loop, a
// `Map` lookup of the credential, heads rebuilt as text, writes at the end of a turn. It checks, limits, logs and counts nothing.
import { connect, createServer } from 'node:net';

const users = new Map();
const idle = [];
/** Extra work of a contender after each response; null: none. */
let observe = null;
let batch = [];

function writeLater(socket, text) {
  if (batch.push([socket, text]) > 1) return;
  setImmediate(() => {
    const writes = batch;
    batch = [];
    for (const [to, what] of writes) to.write(what, 'latin1');
  });
}

/** Null: the message is incomplete. */
function read(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [start, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]);
  const length = Number(headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? 0);
  if (bytes.length < end + 4 + length) return null;
  return { start, headers, body: bytes.toString('latin1', end + 4, end + 4 + length) };
}

function rebuilt({ start, headers, body }, without, added) {
  let text = `${start}\r\n`;
  for (const [name, value] of headers) if (!without.has(name.toLowerCase())) text += `${name}: ${value}\r\n`;
  return `${text}${added}\r\n${body}`;
}

const ofRequests = new Set(['connection', 'authorization']);
const ofResponses = new Set(['connection', 'keep-alive']);

function service(upstream) {
  const socket = connect({ port: Number(upstream), host: '127.0.0.1', noDelay: true });
  const kept = { socket, held: null, client: null, request: null };
  socket.on('data', (bytes) => {
    const all = kept.held === null ? bytes : Buffer.concat([kept.held, bytes]);
    const response = read(all);
    kept.held = response === null ? all : null;
    if (response === null) return;
    idle.push(kept);
    observe?.(kept.request, response);
    writeLater(kept.client, rebuilt(response, ofResponses, 'connection: keep-alive\r\n'));
  });
  return kept;
}

export function relay(listen, upstream, observer = null) {
  observe = observer;
  createServer({ noDelay: true }, (client) => {
    let held = null;
    client.on('error', () => client.destroy());
    client.on('data', (bytes) => {
      const all = held === null ? bytes : Buffer.concat([held, bytes]);
      const request = read(all);
      held = request === null ? all : null;
      if (request === null) return;
      const startedAt = performance.now();
      const credential = request.headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1] ?? '';
      if (!users.has(credential)) users.set(credential, `user-${users.size}`);
      const user = users.get(credential);
      const kept = idle.pop() ?? service(upstream);
      kept.client = client;
      kept.request = { ...request, user, startedAt };
      writeLater(kept.socket, rebuilt(request, ofRequests, `user-id: ${user}\r\nconnection: keep-alive\r\n`));
    });
  }).listen(Number(listen), '127.0.0.1');
}

if (import.meta.main) relay(process.argv[2], process.argv[3]);
