/**
 * Traefik `ForwardAuth`. It sends the client's headers with `X-Forwarded-*` of its own, and any refusal to the client as it is. What
 * `authResponseHeaders` lists is deleted from the request and set from the response, so a credential that the service must not
 * get is absent from the response.
 */
import type { Dialect } from './dialect.ts';
import { readForwardedFields } from './read-fields.ts';

export const traefik: Dialect = {
  name: 'traefik',
  read: readForwardedFields,
  allow: (managed) =>
    managed.flatMap(({ name, value, kind }) => (kind === 'credential' && value === null ? [] : [name, value ?? ''])),
};
