/**
 * Where issuers send tokens about their users: logout tokens (OpenID Connect Back-Channel Logout 1.0) and security event tokens
 * (RFC 8935). Who sends one is known by its signature alone, so no endpoint here takes the token of operators.
 */
import type { EventKind, EventOutcome } from '../identity/revocation/revocation-events.ts';
import type { AdminRequest, Endpoint } from './endpoints.ts';
import type { AdminResponse } from './responses.ts';

/** Resolves when every connected replica has applied it, or with why not. */
export type ReceiveEvent = (kind: EventKind, token: string) => Promise<EventOutcome>;

export function eventEndpoints(receive: ReceiveEvent): ReadonlyMap<string, Endpoint> {
  async function logout({ body }: AdminRequest): Promise<AdminResponse> {
    const tokens = new URLSearchParams(body.toString('utf8')).getAll('logout_token');
    const outcome = tokens.length === 1 ? await receive('logout', tokens[0]!) : 'malformed';
    return responseTo(outcome, 200, (error_description) => ({ error: 'invalid_request', error_description }));
  }

  async function securityEvent({ body }: AdminRequest): Promise<AdminResponse> {
    const outcome = await receive('security-event', body.toString('utf8').trim());
    return responseTo(outcome, 202, (description) => ({ err: errors[outcome] ?? 'invalid_request', description }));
  }

  const signed = { method: 'POST', access: 'signed' } as const;
  return new Map<string, Endpoint>([
    ['/backchannel-logout', { ...signed, contentType: 'application/x-www-form-urlencoded', respond: logout }],
    ['/security-events', { ...signed, contentType: 'application/secevent+jwt', respond: securityEvent }],
  ]);
}

function responseTo(
  outcome: EventOutcome,
  status: 200 | 202,
  bodyOf: (description: string) => Readonly<Record<string, string>>,
): AdminResponse {
  switch (outcome) {
    case 'revoked':
    case 'ignored':
      return { status, type: 'text/plain; charset=utf-8', body: '' };
    case 'busy':
      return { refused: 'overloaded' };
    case 'undelivered':
      return { refused: 'revocation_undelivered' };
    case 'unavailable':
      return { refused: 'auth_unavailable' };
    default:
      return { refused: 'event_token_invalid', body: bodyOf(descriptions[outcome]) };
  }
}

type Fault = Exclude<EventOutcome, 'revoked' | 'ignored' | 'busy' | 'undelivered' | 'unavailable'>;

/** Fixed texts: nothing of a token is repeated. */
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
