/**
 * Sign-in with a passkey: the challenge that the browser gets, and what it returns. The challenge belongs to one sign-in of one browser, as
 * a code does, so that nobody is signed in with the passkey of a stranger.
 */
import { createSeal } from '../../sealing/seal-for-browsers.ts';
import { type PageReply, refuse, sayJson } from '../page-request.ts';
import { type AuthApiResponse, AuthApiUnavailable } from './auth-api-client.ts';

export interface PasskeyChallenges {
  /** Options for the browser, with their challenge sealed for the transaction. */
  offer(transaction: string, response: AuthApiResponse): PageReply;
  /** The credential in a form, as the Auth API reads it. Null: it did not sign the challenge of this transaction. */
  read(transaction: string, form: URLSearchParams): object | null;
}

interface PendingChallenge {
  readonly transaction: string;
  readonly challenge: string;
}

const context = 'rolegate pending passkey';
const maxBytes = 1_024;

export function createPasskeyChallenges(secrets: readonly string[]): PasskeyChallenges {
  const sealed = createSeal(secrets, context, maxBytes);
  return {
    offer(transaction, { status, json: { options }, retryAfterS }) {
      if (status === 429) return busy(retryAfterS);
      const challenge = textIn(options, 'challenge');
      if (challenge === null) throw new AuthApiUnavailable(`POST: status ${status} without a challenge`);
      return sayJson({ options, pending: sealed.seal(JSON.stringify({ transaction, challenge }), context) });
    },
    read(transaction, form) {
      const opened = sealed.open(form.get('pending') ?? '', context);
      const pending = opened === null ? null : (JSON.parse(opened.text) as PendingChallenge);
      const credential = parseObject(form.get('credential') ?? '');
      if (credential === null || pending?.transaction !== transaction) return null;
      return signedChallenge(credential) === pending.challenge ? credential : null;
    },
  };
}

/** For the script, which shows a text of its own. */
export function busy(retryAfterS: number | null): PageReply {
  const retry = ['retry-after', String(retryAfterS ?? 60)];
  return refuse('authentication_throttled', () => ({ body: '', headers: [] }), null, retry);
}

/** WebAuthn Level 3 section 5.8.1. Whether the signature is valid is for the Auth API to say. */
function signedChallenge(credential: object): string | null {
  const data = textIn('response' in credential ? credential.response : null, 'clientDataJSON');
  return data === null ? null : textIn(parseObject(Buffer.from(data, 'base64url').toString('utf8')), 'challenge');
}

export function parseObject(text: string): object | null {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === 'object' ? read : null;
  } catch {
    return null;
  }
}

function textIn(value: unknown, name: string): string | null {
  const text = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : null;
  return typeof text === 'string' ? text : null;
}
