/**
 * Operations of the admin port for tokens from issuers about their users. Only the signature identifies the sender, so they do not accept
 * an admin token.
 */
import type { EventKind } from '../identity/revocation/revocation-events.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import { Refusal } from '../operations/refusal.ts';
import { Reply } from '../operations/responses.ts';
import { defineOperation, type Operation, signed } from './operation.ts';

export function eventOperations(take: TakeEvent): readonly Operation[] {
  const common = {
    method: 'POST',
    credential: signed,
    returns: 'Every connected replica has applied it.',
    type: 'text/plain',
    refusals: ['event_token_invalid', 'auth_unavailable', 'revocation_undelivered', 'overloaded'],
    changed: () => ({ by: null }),
  } as const;
  const taking = (kind: EventKind, contentType: string) => {
    return async ({ bytes, client }: { readonly bytes: Buffer; readonly client: { readonly ip: string } }) => {
      const taken = await take({ kind, contentType, body: bytes, sender: client.ip });
      if ('status' in taken) return new Reply('', { status: taken.status, type: 'text/plain; charset=utf-8' });
      return new Refusal(taken.refused, taken.body === undefined ? {} : { body: taken.body });
    };
  };
  const [logout, event] = ['application/x-www-form-urlencoded', 'application/secevent+jwt'];
  return [
    defineOperation({
      ...common,
      name: 'postBackchannelLogout',
      summary: 'Accepts a logout token of an OpenID provider.',
      paths: ['/backchannel-logout'],
      accepts: logout,
      bodyText: 'logout_token, in a form.',
      status: 200,
      handle: taking('logout', logout),
    }),
    defineOperation({
      ...common,
      name: 'postSecurityEvents',
      summary: 'Accepts a security event token (RFC 8935).',
      paths: ['/security-events'],
      accepts: event,
      bodyText: 'The token.',
      handle: taking('security-event', event),
    }),
  ];
}
