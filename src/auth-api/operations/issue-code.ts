/** Makes verification codes. A code leaves this process only by mail. */
import { randomUUID } from 'node:crypto';
import { mailboxOf } from '../limits/mailbox.ts';
import { randomCode } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { CodePurpose, NewCode } from '../store/code-store.ts';
import { foldCase } from '../store/fold-case.ts';
import type { Client } from './operation.ts';

export interface IssuedCode {
  /** What is stored. */
  readonly stored: NewCode;
  /** Sends the code; to be called once it is stored. */
  mailTo(address: string, client: Client): void;
}

/**
 * Who proves something with a code. Failed verifications are counted for the account, and for the address where that has no
 * account yet: the account of a new registration, or one that adds addresses, would begin to count anew with each try.
 */
export type Claimant =
  | { readonly account: string }
  | { readonly newAddress: string }
  /** An address that no account has: a decoy. */
  | { readonly unknownAddress: string };

export function issueCode(purpose: CodePurpose, claimant: Claimant, services: Services): IssuedCode {
  const { hashes, outbox, rules } = services;
  const codeId = randomUUID();
  const code = randomCode();
  return {
    stored: storedCode({ id: codeId, purpose, codeHash: hashes.code(codeId, code) }, claimant, services),
    mailTo(to, asked) {
      outbox.send({ kind: 'code', to, purpose, codeId, code, lifetimeMs: rules.codeLifetimeMs, asked });
    },
  };
}

/** A code that nothing opens: for an address that nobody has. */
export function deadCode(purpose: CodePurpose, unknownAddress: string, services: Services): NewCode {
  return storedCode({ id: randomUUID(), purpose, codeHash: services.hashes.dead() }, { unknownAddress }, services);
}

function storedCode(
  code: Pick<NewCode, 'id' | 'purpose' | 'codeHash'>,
  claimant: Claimant,
  { hashes, rules, now }: Services,
): NewCode {
  return { ...code, expireAtMs: now() + rules.codeLifetimeMs, countedAs: hashes.attemptsOf(...subjectOf(claimant)) };
}

function subjectOf(claimant: Claimant): [kind: string, subject: string] {
  if ('account' in claimant) return ['account', claimant.account];
  if ('newAddress' in claimant) return ['new address', mailboxOf(claimant.newAddress)];
  // As it came: sub-addresses of one that is known do not count together either, so that the limit does not tell.
  return ['unknown address', foldCase(claimant.unknownAddress)];
}
