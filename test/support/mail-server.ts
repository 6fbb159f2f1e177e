/**
 * A real mail server on loopback, which stores arriving mail, and can be configured to refuse, to be slow or to stay
 * silent.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { vi } from 'vitest';
import { certificate, key } from './localhost-certificate.ts';

export interface ArrivedMail {
  readonly from: string;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | null;
  readonly raw: string;
  readonly parsed: ParsedMail;
}

/** A server's reply instead of 250. */
export interface Rejection {
  readonly reply: number;
  readonly text: string;
}

export interface MailServerOptions {
  /** A specific port instead of a free one: where a server was before. */
  readonly port?: number;
  /** `none`: STARTTLS is not offered; `implicit`: TLS from the first byte. */
  readonly tls?: 'none' | 'starttls' | 'implicit';
  /** Unset: no login is required. */
  readonly login?: { readonly user: string; readonly password: string };
  /** Called for each recipient, and for each text, with the number of earlier calls. */
  readonly judge?: (stage: 'recipient' | 'text', times: number) => Rejection | null;
}

export interface MailServer {
  readonly port: number;
  readonly mails: readonly ArrivedMail[];
  /** Connections so far. */
  connections(): number;
  /** Waits until so many mails have arrived, and returns the last of them. */
  arrived(count: number): Promise<ArrivedMail>;
  /** Ends every connection at once. */
  close(): Promise<void>;
}

export async function startMailServer(options: MailServerOptions = {}): Promise<MailServer> {
  const { tls = 'none', login, judge = () => null } = options;
  const mails: ArrivedMail[] = [];
  const times = { recipient: 0, text: 0 };
  let connections = 0;
  const verdict = (stage: 'recipient' | 'text'): Error | null => {
    const rejection = judge(stage, times[stage]);
    times[stage] += 1;
    return rejection === null ? null : Object.assign(new Error(rejection.text), { responseCode: rejection.reply });
  };
  const settings: SMTPServerOptions = {
    secure: tls === 'implicit',
    key,
    cert: certificate,
    disabledCommands: [...(tls === 'none' ? ['STARTTLS'] : []), ...(login === undefined ? ['AUTH'] : [])],
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    closeTimeout: 1,
    onConnect(_session, done) {
      connections += 1;
      done();
    },
    onAuth({ username, password }, _session, done) {
      const right = username === login?.user && password === login?.password;
      if (right) done(null, { user: username });
      else done(Object.assign(new Error('no such login'), { responseCode: 535 }));
    },
    onRcptTo: (_address, _session, done) => done(verdict('recipient')),
    onData(stream, session, done) {
      const { envelope, secure, user } = session;
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        const rejection = verdict('text');
        if (rejection !== null) return done(rejection);
        const raw = Buffer.concat(chunks);
        mails.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          secure,
          user: typeof user === 'string' ? user : null,
          raw: raw.toString('latin1'),
          parsed: await simpleParser(raw),
        });
        done();
      })();
    },
  };
  const server = new SMTPServer(settings);
  server.on('error', () => {});
  const listener = server.listen(options.port ?? 0, 'localhost');
  if (!listener.listening) await once(listener, 'listening');
  return {
    port: (listener.address() as AddressInfo).port,
    mails,
    connections: () => connections,
    async arrived(count) {
      await vi.waitFor(
        () => {
          if (mails.length < count) throw new Error(`${mails.length} of ${count} mails have arrived`);
        },
        { timeout: 8_000, interval: 10 },
      );
      return mails[count - 1]!;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export interface BrokenMailServer {
  readonly port: number;
  /** Connections so far. */
  connections(): number;
  close(): Promise<void>;
}

/** `silent`: sends nothing. `dies`: accepts a mail up to its text, and disconnects there. */
export async function startBrokenMailServer(kind: 'silent' | 'dies'): Promise<BrokenMailServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (kind === 'silent') return;
    socket.write('220 localhost\r\n');
    socket.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1');
      if (/^(?:EHLO|MAIL|RCPT)/i.test(text)) socket.write('250 localhost\r\n');
      else if (/^DATA/i.test(text)) socket.write('354 go on\r\n');
      else socket.resetAndDestroy();
    });
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
