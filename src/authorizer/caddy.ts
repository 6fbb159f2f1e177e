/**
 * Caddy `forward_auth`. It sends the client's headers with its own `X-Forwarded-*`, and forwards any refusal unchanged. A header that
 * `copy_headers` lists and the response lacks would reach the service as the text of a placeholder, so every one is sent, even if empty.
 */
import type { Dialect } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { readForwardedFields } from './read-fields.ts';

export const caddy: Dialect = {
  name: 'caddy',
  read: readForwardedFields,
  allow: allManaged,
};
