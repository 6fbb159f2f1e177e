/** Rows for the contract suite of the Auth API's store. */
import { randomUUID } from 'node:crypto';
import type { AuthStore } from '../../src/auth-api/store/auth-store.ts';
import type { CodePurpose, NewCode } from '../../src/auth-api/store/code-store.ts';
import type { NewKeyPair } from '../../src/auth-api/store/keypair-store.ts';
import type { NewPasskey } from '../../src/auth-api/store/passkey-store.ts';
import type { NewSession } from '../../src/auth-api/store/session-store.ts';
import type { NewUser } from '../../src/auth-api/store/user-store.ts';

export const nowMs = 1_800_000_000_000;
export const laterMs = nowMs + 1_000;

export function user(alias: string, over: Partial<NewUser> = {}): NewUser {
  return {
    id: randomUUID(),
    emailId: randomUUID(),
    email: `${alias}@example.test`,
    alias,
    fullName: `Full ${alias}`,
    roles: ['user', 'reporter'],
    groups: ['public'],
    createdAtMs: nowMs,
    verifyByMs: null,
    ...over,
  };
}

export function session(owner: NewUser | null, over: Partial<NewSession> = {}): NewSession {
  return {
    id: randomUUID(),
    userId: owner?.id ?? null,
    emailId: owner?.emailId ?? null,
    bearerHash: randomUUID(),
    ip: '203.0.113.7',
    userAgent: 'client/1.0',
    openedBy: 'code',
    createdAtMs: nowMs,
    expireAtMs: nowMs + 10_000,
    verifyByMs: nowMs + 2_000,
    ...over,
  };
}

export function pair(owner: NewUser, over: Partial<NewKeyPair> = {}): NewKeyPair {
  return {
    id: randomUUID(),
    userId: owner.id,
    apiKey: randomUUID(),
    secretHash: 'hash',
    name: 'Example',
    createdAtMs: nowMs,
    expireAtMs: nowMs + 10_000,
    ...over,
  };
}

export function passkey(owner: NewUser, over: Partial<NewPasskey> = {}): NewPasskey {
  return {
    id: randomUUID(),
    userId: owner.id,
    credentialId: randomUUID(),
    publicKey: 'public key',
    counter: 0,
    synced: false,
    name: 'Phone',
    createdAtMs: nowMs,
    ...over,
  };
}

/** A challenge that was answered. */
export function challenge(over: { readonly expireAtMs?: number } = {}) {
  return { id: randomUUID(), expireAtMs: nowMs + 2_000, ...over };
}

export function code(purpose: CodePurpose, over: Partial<NewCode> = {}): NewCode {
  return {
    id: randomUUID(),
    purpose,
    codeHash: 'code hash',
    expireAtMs: nowMs + 2_000,
    countedAs: 'counted as',
    ...over,
  };
}

/** The store of the current test, and its initial users. */
export interface StoreUnderTest {
  readonly store: AuthStore;
  readonly ana: NewUser;
  /** Without roles and groups. */
  readonly ben: NewUser;
}

/** One try of a code; by default of a session's, by any caller. */
export function claim(store: AuthStore, codeId: string, over: object = {}, atMs = laterMs) {
  return store.codes.claimTry({ codeId, purpose: 'session', userId: null, maxTries: 5, ...over }, atMs);
}
