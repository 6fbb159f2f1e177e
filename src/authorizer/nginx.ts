/**
 * nginx `auth_request`. It forwards 401 and 403 of a check, without the body, and turns any other refusal into 500. So the check only
 * returns whether to continue, and nginx gets the refusal itself at a second path, by `error_page`.
 */
import { reasons } from '../core/outcome/reasons.ts';
import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Refusal } from '../proxy/refusal.ts';
import type { Dialect } from './dialect.ts';
import { allManaged } from './managed-headers.ts';
import { readOriginalFields } from './read-fields.ts';

export const nginx: Dialect = {
  name: 'nginx',
  read: readOriginalFields,
  allow: allManaged,
  /** Without a challenge, which nginx would send in addition to that of the whole refusal. */
  writeVerdict(response: WholeResponse, { reason, errorId, condition }: Refusal): number {
    const { status, message } = reasons[reason];
    const error = ['x-error', condition?.message ?? message, 'x-error-id', errorId];
    const headers = ['cache-control', 'no-store', ...error, 'content-length', '0'];
    // A configuration without the second request must not turn an outage into 403.
    response.writeHead(status === 401 || status >= 500 ? status : 403, null, headers);
    return response.end();
  },
};
