/**
 * Where issuers send tokens about their users, on the admin port. Who sends one is known by its signature alone, so no endpoint here
 * takes the token of operators.
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
    async respond({ body }): Promise<AdminResponse> {
      const taken = await take({ kind, contentType, body, sender: undefined });
      return 'refused' in taken ? taken : { status: taken.status, type: 'text/plain; charset=utf-8', body: '' };
    },
  });
  return new Map([
    ['/backchannel-logout', endpoint('logout', 'application/x-www-form-urlencoded')],
    ['/security-events', endpoint('security-event', 'application/secevent+jwt')],
  ]);
}
