/**
 * Traefik `ForwardAuth`. It sends the client's headers with its own `X-Forwarded-*`, and forwards any refusal unchanged. Headers in
 * `authResponseHeaders` are deleted from the request and set from the response, so a credential that the service must not receive is absent
 * from the response.
 */
import type { Dialect } from './dialect.ts';
import { readForwardedFields } from './read-fields.ts';

export const traefik: Dialect = {
  name: 'traefik',
  read: readForwardedFields,
  allow: (managed) =>
    managed.flatMap(({ name, value, kind }) => (kind === 'credential' && value === null ? [] : [name, value ?? ''])),
};
