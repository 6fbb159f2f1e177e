/** Credentials of made-up users, in the form that the Auth API issues. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { KnownCredential } from './steered-auth-api-protocol.ts';

export interface TestCredential extends KnownCredential {
  readonly kind: 'bearer' | 'keyPair';
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits, at random. */
export function randomText(length: number): string {
  let text = '';
  for (const byte of randomBytes(length)) text += alphabet[byte % alphabet.length];
  return text;
}

export function newBearer(roles: readonly string[] = ['user']): TestCredential {
  return { kind: 'bearer', credential: randomText(64), userId: randomUUID(), id: randomUUID(), roles };
}

export function newKeyPair(roles: readonly string[] = ['user']): TestCredential {
  const credential = `${randomText(32)}:${randomText(64)}`;
  return { kind: 'keyPair', credential, userId: randomUUID(), id: randomUUID(), roles };
}

export function times<Made>(count: number, make: (index: number) => Made): Made[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** A complete GET with this credential; null: without one. */
export function requestOf(path: string, { kind, credential }: Pick<TestCredential, 'kind' | 'credential'>): Buffer {
  const [key = '', secret = ''] = credential.split(':');
  const lines = kind === 'bearer' ? `Authorization: Bearer ${credential}` : `api-key: ${key}\r\napi-secret: ${secret}`;
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: api.example.test\r\n${lines}\r\n\r\n`, 'latin1');
}
