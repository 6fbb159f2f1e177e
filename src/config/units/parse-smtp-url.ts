/** Addresses of mail servers: `smtp://user:password@mail:587`, `smtps://mail`. */
import type { SmtpConfig } from '../config.ts';

export type SmtpServer = Omit<SmtpConfig, 'requireTls'>;

const shape = /^(smtps?):\/\/(?:[^\s/?#]*@)?([^\s/?#@]+)\/?$/i;

/** RFC 8314 section 3.3 and RFC 6409 section 3.1. */
const usualPorts = { smtps: 465, smtp: 587 } as const;

/** Null when it is no such URL. No message may show it, since it can hold a password. */
export function parseSmtpUrl(text: string): SmtpServer | null {
  if (!shape.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const implicitTls = url.protocol === 'smtps:';
  const user = decoded(url.username);
  const password = decoded(url.password);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === '' || url.port === '0' || user === null || password === null || (user === '' && password !== '')) {
    return null;
  }
  return {
    host,
    port: url.port === '' ? usualPorts[implicitTls ? 'smtps' : 'smtp'] : Number(url.port),
    implicitTls,
    credentials: user === '' ? null : { user, password },
  };
}

function decoded(text: string): string | null {
  try {
    const plain = decodeURIComponent(text);
    return /\p{Cc}/u.test(plain) ? null : plain;
  } catch {
    return null;
  }
}

/** Whether nothing leaves this machine on the way to the host. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}
