/** The name of a credential within the process: its own text, so that looking it up costs no hash. Never leaves memory. */
import type { Credential } from '../core/credential/credential.ts';

/**
 * Unambiguous within a kind: the length in front keeps pairs apart that differ only in where the key ends. Kinds must be
 * kept apart by the caller.
 */
export function textOf(credential: Credential): string {
  if (credential.kind === 'bearer') return credential.token;
  return `${credential.apiKey.length}:${credential.apiKey}${credential.apiSecret}`;
}

/**
 * The same text in memory of its own: one that was cut out of the head of a request holds all of that head, with whatever
 * else the client sent, for as long as it is held itself.
 */
export function ownText(text: string): string {
  const own = Buffer.from(text).toString();
  // What no UTF-8 can hold stays as it is.
  return own === text ? own : text;
}

/** The credential with this text. */
export function credentialOf(kind: Credential['kind'], text: string): Credential {
  if (kind === 'bearer') return { kind, token: text };
  const colon = text.indexOf(':');
  const keyEnd = colon + 1 + Number(text.slice(0, colon));
  return { kind, apiKey: text.slice(colon + 1, keyEnd), apiSecret: text.slice(keyEnd) };
}
