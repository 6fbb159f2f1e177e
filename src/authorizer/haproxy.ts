/**
 * HAProxy with the script `config/haproxy/rolegate.lua`, which calls with `core.httpclient()`, forwards refusals unchanged, and sets or
 * deletes each header that the configuration lists.
 */
import type { Dialect } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { readOriginalFields } from './read-fields.ts';

export const haproxy: Dialect = {
  name: 'haproxy',
  read: readOriginalFields,
  allow: allManaged,
};
