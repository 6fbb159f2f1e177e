/**
 * A sign-in on its way through the provider. It travels sealed in `state`, so that sixty open links leave nothing behind, and belongs to one
 * browser: nonce and PKCE verifier are derived from its id and the browser's cookie, so a stolen code and state are worthless without it
 * (RFC 9700 section 4.7).
 */
import { createHmac, hash, type KeyObject, randomBytes } from 'node:crypto';
import { deriveKey } from '../sealing/derive-key.ts';
import { createSeal } from '../sealing/seal-for-browsers.ts';

export interface Transaction {
  readonly id: string;
  readonly atMs: number;
  readonly provider: string;
  /** Where it began. */
  readonly origin: string;
  /** A return address, with its fragment. */
  readonly target: string;
  /** Digest of the browser's cookie. */
  readonly browser: string;
  /** 0: the first attempt. */
  readonly attempt: number;
  readonly maxAgeS: number | null;
  /** What the sign-in must be; null: of any kind. */
  readonly acr: readonly string[] | null;
}

export interface OpenedTransaction extends Transaction {
  /** Too old to open a session. */
  readonly isOld: boolean;
  /**
   * Whether this return may open a session: the browser began it, at this provider and origin, and not too long ago. The provider of
   * another one's callback would get its code (mix-up, RFC 9700 section 4.4).
   */
  isGoodAt(place: { readonly provider: string; readonly origin: string }, browser: string | null): browser is string;
  nonce(browser: string): string;
  verifier(browser: string): string;
}

export interface Transactions {
  begin(
    wanted: Omit<Transaction, 'id' | 'atMs' | 'browser'>,
    browser: string,
  ): OpenedTransaction & { readonly state: string };
  /** Null: it was not sealed here. An old one is opened too: its target is of use. */
  open(state: string): OpenedTransaction | null;
}

/** How long a person may take to sign in at the provider. */
export const transactionLifeMs = 3_600_000;

const context = 'rolegate sign-in transaction';
const maxBytes = 8_192;

/** The first secret is the current one. */
export function createTransactions(secrets: readonly string[], now: () => number): Transactions {
  const sealed = createSeal(secrets, 'rolegate sign-in state', maxBytes);
  const proofs = secrets.map((secret) => deriveKey(secret, 'rolegate sign-in proof'));

  function opened(transaction: Transaction, proof: KeyObject): OpenedTransaction {
    const derive = (purpose: string, browser: string) =>
      createHmac('sha256', proof).update(`${purpose} ${transaction.id} ${browser}`).digest('base64url');
    const isOld = now() - transaction.atMs > transactionLifeMs;
    return {
      ...transaction,
      isOld,
      isGoodAt: ({ provider, origin }, browser): browser is string =>
        !isOld &&
        provider === transaction.provider &&
        origin === transaction.origin &&
        browser !== null &&
        digest(browser) === transaction.browser,
      nonce: (browser) => derive('nonce', browser),
      verifier: (browser) => derive('verifier', browser),
    };
  }

  return {
    begin(wanted, browser) {
      const id = randomBytes(16).toString('base64url');
      const transaction = { ...wanted, id, atMs: now(), browser: digest(browser) };
      return { ...opened(transaction, proofs[0]!), state: sealed.seal(JSON.stringify(transaction), context) };
    },
    open(state) {
      const read = sealed.open(state, context);
      return read === null ? null : opened(JSON.parse(read.text) as Transaction, proofs[read.secret]!);
    },
  };
}

function digest(browser: string): string {
  return hash('sha256', browser, 'base64url');
}
