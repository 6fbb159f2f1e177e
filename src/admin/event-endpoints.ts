/**
 * Endpoints of the admin port for tokens from issuers about their users. Only the signature identifies the sender, so these endpoints do
 * not accept an admin token.
 */
import type { EventKind } from '../identity/revocation/revocation-events.ts';
import type { TakeEvent } from '../identity/security-events/event-exchange.ts';
import type { Endpoint } from './endpoints.ts';
import type { AdminResponse } from './responses.ts';

export function eventEndpoints(take: TakeEvent): ReadonlyMap<string, Endpoint> {
  const endpoint = (kind: EventKind, contentType: string): Endpoint => ({
    method: 'POST',
    access: 'signed',
    contentType,
    async respond({ body, client }): Promise<AdminResponse> {
      const taken = await take({ kind, contentType, body, sender: client });
      return 'refused' in taken ? taken : { status: taken.status, type: 'text/plain; charset=utf-8', body: '' };
    },
  });
  return new Map([
    ['/backchannel-logout', endpoint('logout', 'application/x-www-form-urlencoded')],
    ['/security-events', endpoint('security-event', 'application/secevent+jwt')],
  ]);
}
