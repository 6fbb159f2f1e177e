/**
 * HAProxy with the script `config/haproxy/rolegate.lua`, which asks with `core.httpclient()`, sends refusals to the client as they
 * are, and sets or deletes each header that the configuration names.
 */
import type { Dialect } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { readOriginalFields } from './read-fields.ts';

export const haproxy: Dialect = {
  name: 'haproxy',
  read: readOriginalFields,
  allow: allManaged,
};
