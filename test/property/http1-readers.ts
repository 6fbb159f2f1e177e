/**
 * Two parsers of the same bytes: ours, and Node's in its strict mode, both on in-memory duplex streams. Each parses as
 * far as it can.
 */
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection as ClientConnection } from '../../src/http1/client/connection.ts';
import { Connection } from '../../src/http1/server/connection.ts';
import { LingeringClose } from '../../src/http1/server/lingering-close.ts';
import type { ConnectionHost } from '../../src/http1/server/server.ts';

export interface ReadMessage {
  /** The parts of the start line. */
  readonly start: string;
  readonly rawHeaders: readonly string[];
  body: string;
  /** The body was parsed completely. */
  whole: boolean;
}

export interface Reading {
  readonly messages: ReadMessage[];
  /** `open`: more bytes are expected. `closed`: nothing more is parsed. Otherwise why the bytes were refused. */
  end: string;
  /** Bytes given when each message was complete; exact if they were given one by one. */
  readonly wholeAt: number[];
}

const never = { schedule() {}, cancel() {} };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
/** Turns of the event loop after which nothing follows: both parsers work without any other I/O. */
const turnsOfOneMessage = 4;

function wire(): Duplex {
  return new Duplex({
    read() {},
    write(_part, _encoding, done) {
      done();
    },
  });
}

/** Gives the parts one after another, in separate turns. */
async function feed(stream: Duplex, parts: readonly string[], reading: Reading, given: (bytes: number) => void) {
  await turn();
  let bytes = 0;
  for (const part of parts) {
    if (stream.destroyed || reading.end !== 'open') break;
    bytes += part.length;
    given(bytes);
    stream.push(Buffer.from(part, 'latin1'));
    await turn();
  }
  let messages = -1;
  while (messages !== reading.messages.length) {
    messages = reading.messages.length;
    for (let i = 0; i < turnsOfOneMessage; i += 1) await turn();
  }
}

export interface Manner {
  /** The response comes turns later than the request, and the body is not read before. */
  readonly late: boolean;
}

/** Requests, by the server connection of `src/http1`. */
export async function readRequests(parts: readonly string[], { late }: Manner): Promise<Reading> {
  const reading: Reading = { messages: [], end: 'open', wholeAt: [] };
  const stream = wire();
  const host: ConnectionHost<null> = {
    headBytes: 16 * 1024,
    headTimeoutMs: 60_000,
    requestTimeoutMs: 0,
    keepAliveTimeoutMs: 60_000,
    unreadTimeoutMs: 60_000,
    connections: 1,
    requestsPerConnection: 0,
    deadlines: never,
    draining: false,
    ending: false,
    keepAliveMs: 60_000,
    keepAliveFields: '',
    ended: { idle: 0, requests: 0, unread: 0, lingering: 0 },
    lingering: new LingeringClose(never, () => {}),
    clientKey: () => '',
    defaultField: () => null,
    onRequest(request, response) {
      const { method, target, minor, rawHeaders, body } = request;
      const message = { start: `${method} ${target} 1.${minor}`, rawHeaders, body: '', whole: body === null };
      reading.messages.push(message);
      const respond = () => {
        response.writeHead(200, null, ['content-length', '0']);
        response.end();
      };
      response.events = {
        requestFailed: (fault) => {
          reading.end = `body ${fault}`;
        },
        drained() {},
        closed() {},
      };
      const serve = () => {
        if (request.expect === 'continue') response.writeContinue();
        if (body === null) respond();
        else {
          body.start({
            take: (part) => {
              message.body += part.toString('latin1');
            },
            end: () => {
              message.whole = true;
              respond();
            },
          });
        }
      };
      if (late) setImmediate(() => setImmediate(serve));
      else serve();
    },
    refusal(fault) {
      reading.end = fault;
      return null;
    },
    hold: () => true,
    release() {},
    onDetach() {},
    onClose() {},
  };
  new Connection(stream, null, host);
  await feed(stream, parts, reading, () => {});
  if (reading.end === 'open' && (stream.writableEnded || stream.destroyed)) reading.end = 'closed';
  stream.destroy();
  return reading;
}

/** Requests, by Node's parser. It gets no response, so it continues after each request. */
export async function readRequestsByNode(parts: readonly string[]): Promise<Reading> {
  const reading: Reading = { messages: [], end: 'open', wholeAt: [] };
  const server = createServer({
    httpValidation: 'strict',
    requireHostHeader: false,
    shouldUpgradeCallback: () => false,
    headersTimeout: 0,
    requestTimeout: 0,
  });
  let bytes = 0;
  const take = (incoming: IncomingMessage) => {
    const { method, url, httpVersion, rawHeaders } = incoming;
    follow(incoming, reading, `${method} ${url} ${httpVersion}`, rawHeaders, () => bytes);
  };
  server.on('request', take);
  server.on('checkContinue', take);
  server.on('checkExpectation', take);
  server.on('connect', (incoming: IncomingMessage) => {
    const { url, httpVersion, rawHeaders } = incoming;
    reading.messages.push({ start: `CONNECT ${url} ${httpVersion}`, rawHeaders, body: '', whole: true });
    reading.wholeAt.push(bytes);
    reading.end = 'closed';
  });
  server.on('clientError', (error: NodeJS.ErrnoException) => {
    reading.end = error.code ?? 'error';
  });
  const stream = wire();
  server.emit('connection', stream);
  await feed(stream, parts, reading, (given) => {
    bytes = given;
  });
  stream.destroy();
  return reading;
}

function follow(
  incoming: IncomingMessage,
  reading: Reading,
  start: string,
  rawHeaders: readonly string[],
  bytes: () => number,
): void {
  const message = { start, rawHeaders, body: '', whole: false };
  reading.messages.push(message);
  incoming.on('data', (part: Buffer) => {
    message.body += part.toString('latin1');
  });
  incoming.on('error', () => {});
  incoming.on('end', () => {
    message.whole = incoming.complete;
    reading.wholeAt.push(bytes());
  });
}

/** One response to a request with the method and the end of the connection, by the client connection of `src/http1`. */
export async function readResponse(parts: readonly string[], method: string): Promise<Reading> {
  const reading: Reading = { messages: [], end: 'open', wholeAt: [] };
  const stream = wire();
  let message: ReadMessage | null = null;
  let bytes = 0;
  const connection = new ClientConnection(
    stream as Socket,
    { free() {}, left() {}, gone() {}, unrequested() {} },
    { group: '', host: 'a.test', oneRequest: false, idleMs: 60_000 },
  );
  connection.send(
    { method, path: '/', headers: [], body: null, upgrade: false, group: '' },
    {
      onRequestStart: () => true,
      onBodySent() {},
      onResponseStarted() {},
      onResponseHead(status, statusText, rawHeaders) {
        message = { start: `${status} ${statusText}`, rawHeaders, body: '', whole: false };
        reading.messages.push(message);
      },
      onResponseData(part) {
        message!.body += part.toString('latin1');
      },
      onResponseWaits() {},
      onUpgrade() {
        reading.end = 'upgrade';
      },
      onResponseEnd() {
        message!.whole = true;
        reading.wholeAt.push(bytes);
        reading.end = 'closed';
      },
      onResponseError: (error) => {
        reading.end = error.code;
      },
    },
  );
  stream.on('data', (part: Buffer) => connection.received(part, false));
  await feed(stream, parts, reading, (given) => {
    bytes = given;
  });
  await finish(stream);
  return reading;
}

/** The same by Node's client. */
export async function readResponseByNode(parts: readonly string[], method: string): Promise<Reading> {
  const reading: Reading = { messages: [], end: 'open', wholeAt: [] };
  const stream = wire();
  let bytes = 0;
  const outgoing = httpRequest({ method, path: '/', httpValidation: 'strict', createConnection: () => stream });
  outgoing.on('response', (incoming) => {
    const { statusCode, statusMessage, rawHeaders } = incoming;
    follow(incoming, reading, `${statusCode} ${statusMessage}`, rawHeaders, () => bytes);
  });
  outgoing.on('upgrade', () => {
    reading.end = 'upgrade';
  });
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    reading.end = error.code ?? 'error';
  });
  outgoing.end();
  await turn();
  await feed(stream, parts, reading, (given) => {
    bytes = given;
  });
  await finish(stream);
  return reading;
}

/** The service ends the connection. */
async function finish(stream: Duplex): Promise<void> {
  if (!stream.destroyed) stream.push(null);
  for (let i = 0; i < turnsOfOneMessage; i += 1) await turn();
  stream.destroy();
}
