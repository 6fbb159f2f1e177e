/**
 * How issuers send tokens about their users over HTTP: logout tokens (OpenID Connect Back-Channel Logout 1.0) and security event tokens
 * (RFC 8935). Extracts the token from a request, and creates the response; the same at every port.
 */
import type { ReasonCode } from '../../core/outcome/reasons.ts';
import type { EventKind, EventOutcome } from '../revocation/revocation-events.ts';
import type { EventReceiver } from './event-receiver.ts';

export interface SentEvent {
  readonly kind: EventKind;
  /** `Content-Type` without parameters, in lower case. */
  readonly contentType: string;
  readonly body: Buffer;
  /** Key of the sender; undefined: unknown. */
  readonly sender: string | undefined;
}

export type EventResponse =
  /** With an empty body. */
  | { readonly status: 200 | 202 }
  /** `body`: the JSON body that the standard requires. */
  | { readonly refused: ReasonCode; readonly body?: Readonly<Record<string, string>> };

/** Resolves when every connected replica has applied it, or with the failure. */
export type TakeEvent = (sent: SentEvent) => Promise<EventResponse>;

export function createTakeEvent(receiver: () => EventReceiver): TakeEvent {
  return async ({ kind, contentType, body, sender }) => {
    if (contentType !== contentTypes[kind]) return { refused: 'content_type_unsupported' };
    const token = kind === 'logout' ? logoutToken(body) : body.toString('utf8').trim();
    const outcome = token === null ? 'malformed' : await receiver().receive(kind, token, sender);
    return responseTo(kind, outcome);
  };
}

const contentTypes: Readonly<Record<EventKind, string>> = {
  logout: 'application/x-www-form-urlencoded',
  'security-event': 'application/secevent+jwt',
};

/** Null: there is not exactly one. */
function logoutToken(form: Buffer): string | null {
  const [token, ...others] = new URLSearchParams(form.toString('utf8')).getAll('logout_token');
  return token === undefined || others.length > 0 ? null : token;
}

function responseTo(kind: EventKind, outcome: EventOutcome): EventResponse {
  switch (outcome) {
    case 'revoked':
    case 'ignored':
      return { status: kind === 'logout' ? 200 : 202 };
    case 'busy':
      return { refused: 'overloaded' };
    case 'undelivered':
      return { refused: 'revocation_undelivered' };
    case 'unavailable':
      return { refused: 'auth_unavailable' };
    default: {
      const description = descriptions[outcome];
      const body =
        kind === 'logout'
          ? { error: 'invalid_request', error_description: description }
          : { err: errors[outcome] ?? 'invalid_request', description };
      return { refused: 'event_token_invalid', body };
    }
  }
}

type Fault = Exclude<EventOutcome, 'revoked' | 'ignored' | 'busy' | 'undelivered' | 'unavailable'>;

/** Fixed texts, which repeat nothing of a token. */
const descriptions: Readonly<Record<Fault, string>> = {
  malformed: 'there is no signed token',
  disabled: 'tokens of this kind are not taken from this issuer',
  issuer: 'the issuer is not known here',
  audience: 'the token is for another audience',
  key: 'no key of the issuer has this id',
  signature: 'the signature is not valid',
  claims: 'a claim is missing, wrong or not allowed in this kind of token',
  subject: 'the subject is missing or of a format that is not understood',
  late: 'the token is too old or expired',
  replayed: 'the token was received before',
};

/** RFC 8935 section 2.4. */
const errors: Readonly<Partial<Record<EventOutcome, string>>> = {
  disabled: 'invalid_issuer',
  issuer: 'invalid_issuer',
  audience: 'invalid_audience',
  key: 'invalid_key',
  signature: 'invalid_key',
};
