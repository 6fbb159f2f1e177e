/** Makes verification codes and checks them. A code leaves this process only by mail. */
import { randomUUID } from 'node:crypto';
import { Refusal } from '../outcome/refusals.ts';
import { randomCode } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { CodePurpose, NewCode } from '../store/code-store.ts';
import type { Client } from './operation.ts';

export interface IssuedCode {
  /** What is stored. */
  readonly stored: NewCode;
  /** Sends the code; to be called once it is stored. */
  mailTo(address: string, client: Client): void;
}

export function issueCode(purpose: CodePurpose, services: Services): IssuedCode {
  const { hashes, outbox, rules, now } = services;
  const codeId = randomUUID();
  const code = randomCode();
  return {
    stored: { id: codeId, purpose, codeHash: hashes.code(codeId, code), expireAtMs: now() + rules.codeLifetimeMs },
    mailTo(to, asked) {
      outbox.send({ kind: 'code', to, purpose, codeId, code, lifetimeMs: rules.codeLifetimeMs, asked });
    },
  };
}

/** A code that nothing opens: for an address that nobody has. */
export function deadCode(purpose: CodePurpose, services: Services): NewCode {
  const { hashes, rules, now } = services;
  return { id: randomUUID(), purpose, codeHash: hashes.dead(), expireAtMs: now() + rules.codeLifetimeMs };
}

/** `userId`: the code must be this user's; null: anybody may bring it. */
interface BroughtCode {
  readonly purpose: CodePurpose;
  readonly verificationCodeID: string;
  readonly code: string;
  readonly userId: string | null;
}

/**
 * Null: the code is right, and still to be used. Refuses a wrong one (401), an unknown, used or expired id (404), and any
 * after too many wrong ones (429 until the code's life ends, 404 from then on).
 */
export async function checkCode(brought: BroughtCode, services: Services): Promise<Refusal | null> {
  const { store, hashes, limits, now } = services;
  const { purpose, verificationCodeID: codeId, userId } = brought;
  const nowMs = now();
  const claimed = await store.codes.claimTry({ codeId, purpose, userId, maxTries: limits.codeTries }, nowMs);
  if (claimed === null) return new Refusal('code_unknown');
  if (claimed.codeHash === null) {
    const retryAfterS = Math.max(1, Math.ceil((claimed.expireAtMs - nowMs) / 1000));
    return new Refusal('attempts_exceeded', { retryAfterS });
  }
  return hashes.isCode(claimed.codeHash, codeId, brought.code) ? null : new Refusal('code_wrong');
}
