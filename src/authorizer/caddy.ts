/**
 * Caddy `forward_auth`. It sends the client's headers with `X-Forwarded-*` of its own, and any refusal to the client as it is. A
 * header that `copy_headers` names and the response does not have would reach the service as the text of a placeholder, so every
 * one is sent, empty too.
 */
import type { Dialect } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { readForwardedFields } from './read-fields.ts';

export const caddy: Dialect = {
  name: 'caddy',
  read: readForwardedFields,
  allow: allManaged,
};
