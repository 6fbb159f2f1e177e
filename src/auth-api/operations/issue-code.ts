/** Creates verification codes. A code leaves this process only by mail. */
import { randomUUID } from 'node:crypto';
import type { Client } from '../../operations/operation.ts';
import { mustWait } from '../limits/limit-guesses.ts';
import { mailboxOf } from '../limits/limit-mail.ts';
import { recognize } from '../limits/recognize.ts';
import { randomCode, randomLongCode } from '../secrets/random-secret.ts';
import type { Services } from '../services.ts';
import type { CodePurpose, NewCode } from '../store/code-store.ts';
import { foldCase } from '../store/fold-case.ts';

export interface IssuedCode {
  /** What is stored. */
  readonly stored: NewCode;
  /** Sends the code; must be called once it is stored. `lifetimeMs`: unless it is that of a first code. */
  mailTo(address: string, client: Client, lifetimeMs?: number): void;
}

/**
 * The subject of a code. Failed verifications are counted per account, or per address that has no account yet: otherwise each new
 * registration or added address would reset the count.
 */
export type Claimant =
  | { readonly account: string }
  | { readonly newAddress: string }
  /** An address without an account: the code of a decoy, which is not mailed. */
  | { readonly unknownAddress: string };

/** Six digits; or long, so that it cannot be guessed. */
export type CodeForm = 'digits' | 'long';

interface CodeOptions {
  readonly form?: CodeForm;
  /** Of the code that the new one replaces. */
  readonly codeId?: string;
}

export function issueCode(
  purpose: CodePurpose,
  claimant: Claimant,
  services: Services,
  { form = 'digits', codeId = randomUUID() }: CodeOptions = {},
): IssuedCode {
  const { hashes, outbox, rules, now } = services;
  const code = form === 'long' ? randomLongCode() : randomCode();
  return {
    stored: {
      id: codeId,
      purpose,
      codeHash: hashes.code(codeId, code),
      expireAtMs: now() + rules.codeLifetimeMs,
      countedAs: countClaims(claimant, services),
    },
    mailTo(to, requester, lifetimeMs = rules.codeLifetimeMs) {
      outbox.send({ kind: 'code', to, purpose, codeId, code, lifetimeMs, requester });
    },
  };
}

/** The form of a code for an address that is not proven yet, to which no client is familiar. `acceptsLong`: the client lets its user enter either. */
export async function formForNewAddress(
  newAddress: string,
  { client, acceptsLong }: { readonly client: Client; readonly acceptsLong: boolean },
  services: Services,
): Promise<CodeForm> {
  if (!acceptsLong) return 'digits';
  const recognized = await recognize({ ip: client.ip, kept: null }, null, services);
  const guessed = { countedAs: countClaims({ newAddress }, services), client: recognized };
  return (await mustWait(guessed, services)) ? 'long' : 'digits';
}

/** Keyed hash by which the failures of a claimant are counted. */
export function countClaims(claimant: Claimant, { hashes }: Pick<Services, 'hashes'>): string {
  return hashes.attemptsOf(...subjectOf(claimant));
}

function subjectOf(claimant: Claimant): [kind: string, subject: string] {
  if ('account' in claimant) return ['account', claimant.account];
  if ('newAddress' in claimant) return ['new address', mailboxOf(claimant.newAddress)];
  // As received: sub-addresses of a known address do not count together either, so that the limit reveals nothing.
  return ['unknown address', foldCase(claimant.unknownAddress)];
}
