/** Mail servers (`smtp://user:password@mail:587`, `smtps://mail`) and senders (`Rolegate <no-reply@example.test>`). */
import { z } from 'zod';

export interface SmtpConfig {
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps://`); otherwise STARTTLS if the server offers it. */
  readonly implicitTls: boolean;
  /** Without TLS, sends neither mail nor password. */
  readonly requireTls: boolean;
  readonly credentials: { readonly user: string; readonly password: string } | null;
}

export type SmtpServer = Omit<SmtpConfig, 'requireTls'>;

const shape = /^(smtps?):\/\/(?:[^\s/?#]*@)?([^\s/?#@]+)\/?$/i;

/** RFC 8314 section 3.3 and RFC 6409 section 3.1. */
const usualPorts = { smtps: 465, smtp: 587 } as const;

/** Null: not a valid SMTP URL. Messages must not show the text, because it can contain a password. */
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

/** Whether traffic to the host stays on this machine. */
export function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export interface Mailbox {
  /** Empty: no name. */
  readonly name: string;
  readonly address: string;
}

const named = /^([^<>]*)<([^<>]+)>$/;
/** Excludes characters that could end a header or be parsed as part of an address list. */
const plainName = /^[^\p{C}\p{Zl}\p{Zp}"<>@,;:\\]{0,100}$/u;

/** Null: not a valid sender. */
export function parseMailbox(text: string): Mailbox | null {
  const match = named.exec(text);
  const name = match === null ? '' : unquoted(match[1]!.trim());
  const address = match === null ? text : match[2]!;
  return plainName.test(name) && address.length <= 254 && z.regexes.html5Email.test(address) ? { name, address } : null;
}

function unquoted(name: string): string {
  return name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;
}
