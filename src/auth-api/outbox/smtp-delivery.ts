/** Hands one message to the mail server, over reused connections, and returns the result. */
import { createTransport } from 'nodemailer';
import type { MailConfig } from '../../config/config.ts';
import type { SmtpConfig } from '../../config/units/mail.ts';
import type { ComposedMail } from './compose-mail.ts';

/** Facts for the log: none of them is text from the server, which may repeat an address. */
export interface DeliveryFault {
  /** Code of the client library or the system, such as `ECONNREFUSED`. */
  readonly error: string;
  /** RFC 5321 section 4.2; null without a reply. */
  readonly reply: number | null;
  /** The command with this reply. */
  readonly command: string | null;
}

export type Delivery =
  | { readonly kind: 'sent' }
  /** The server does not accept this mail, now or ever, but may accept others. */
  | { readonly kind: 'deferred' | 'refused'; readonly fault: DeliveryFault }
  /** The server cannot be used: unreachable, broken, or it disagrees about TLS or the password. */
  | { readonly kind: 'unavailable'; readonly fault: DeliveryFault };

export interface SmtpDelivery {
  /** Never rejects. `signal` ends the attempt. */
  deliver(mail: ComposedMail & { readonly id: string; readonly to: string }, signal: AbortSignal): Promise<Delivery>;
  /** Ends every connection at once. */
  close(): void;
}

export interface DeliveryTimes {
  /** Until the connection is open, and until the server's greeting. */
  readonly connectMs: number;
  /** Without a byte from the server. */
  readonly silenceMs: number;
}

const defaultTimes: DeliveryTimes = { connectMs: 5_000, silenceMs: 10_000 };

/** Maximum connections, mails per connection, and idle time of a connection. */
const pool = { maxConnections: 4, maxMessages: 100, idleTimeout: 30_000, maxRequeues: 1 };

export function createSmtpDelivery({ smtp, from }: MailConfig, times: DeliveryTimes = defaultTimes): SmtpDelivery {
  const transport = createTransport({
    pool: true,
    ...pool,
    ...connectionOptions(smtp, times),
    ...(smtp.credentials === null ? {} : { auth: loginOf(smtp.credentials) }),
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
  return {
    async deliver({ id, to, subject, text, html }, signal) {
      if (!isMailable(to)) return { kind: 'refused', fault: { error: 'EADDRESS', reply: null, command: null } };
      try {
        await transport.sendMail({
          // A copy: the library writes into it, and the configuration is frozen.
          from: { ...from },
          to: { name: '', address: to },
          // Header content must never add a recipient.
          envelope: { from: from.address, to: [to] },
          messageId: `<${id}@${domain}>`,
          subject,
          text,
          html,
          headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
          xMailer: false,
          signal,
        });
        return { kind: 'sent' };
      } catch (error) {
        return judge(error);
      }
    },
    close: () => transport.close({ force: true }),
  };
}

/** Options of every connection to the mail server. */
export function connectionOptions({ host, port, implicitTls, requireTls }: SmtpConfig, times: DeliveryTimes) {
  return {
    host,
    port,
    secure: implicitTls,
    requireTLS: requireTls,
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    connectionTimeout: times.connectMs,
    greetingTimeout: times.connectMs,
    dnsTimeout: times.connectMs,
    socketTimeout: times.silenceMs,
    socketCloseTimeout: 1_000,
  } as const;
}

export function loginOf({ user, password }: NonNullable<SmtpConfig['credentials']>) {
  return { user, pass: password };
}

/** The last check of an address from any source: one mailbox, and nothing with a meaning in a header or a command. */
function isMailable(address: string): boolean {
  return /^[^\s\p{C}<>()[\]\\,;:"@]+@[A-Za-z0-9.-]+$/u.test(address);
}

function judge(error: unknown): Delivery {
  const fault = faultOf(error);
  const { reply } = fault;
  // Replies to the envelope and the text are about this mail; 421 says that the server is closing (RFC 5321 section 3.8).
  const aboutMail = (fault.error === 'EENVELOPE' || fault.error === 'EMESSAGE') && reply !== null && reply !== 421;
  if (!aboutMail) return { kind: 'unavailable', fault };
  return { kind: reply >= 500 ? 'refused' : 'deferred', fault };
}

function faultOf(error: unknown): DeliveryFault {
  const { code, responseCode, command } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    responseCode?: unknown;
    command?: unknown;
  };
  return {
    error: typeof code === 'string' && /^[A-Z_0-9]{1,40}$/.test(code) ? code : 'EUNKNOWN',
    reply: typeof responseCode === 'number' ? responseCode : null,
    command:
      typeof command === 'string' ? (/^[A-Z]{1,10}(?: (?:FROM|TO|PLAIN|LOGIN))?/.exec(command)?.[0] ?? null) : null,
  };
}
