/**
 * nginx `auth_request`. It passes on 401 and 403 of a check, without the body, and makes 500 of any other refusal. So the check
 * only tells whether to go on, and at a second path, where `error_page` leads, nginx gets the refusal itself.
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
  /** Without a challenge, which nginx would send beside that of the whole refusal. */
  writeVerdict(response: WholeResponse, { reason, errorId, condition }: Refusal): number {
    const { status, message } = reasons[reason];
    const error = ['x-error', condition?.message ?? message, 'x-error-id', errorId];
    const headers = ['cache-control', 'no-store', ...error, 'content-length', '0'];
    // A configuration that does not ask for the whole refusal must not turn an outage into 403.
    response.writeHead(status === 401 || status >= 500 ? status : 403, null, headers);
    return response.end();
  },
};
