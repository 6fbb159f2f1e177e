/** Keys of every source that is called over HTTP. */
import { z } from 'zod';
import { clientTls } from './client-tls.ts';
import { decides, described, neither, ordered, removed } from './key.ts';
import { bool, integer } from './scalar.ts';
import { duration } from './values.ts';

const outagesAllowNothing = { why: 'only "cache.staleOnOutage" decides what an outage allows' };

/** `rejectedStatuses`: the default. */
export function calls(whom: string, rejectedStatuses: readonly number[]) {
  return {
    timeout: neither(
      duration().prefault('5s'),
      'Maximum time for a verdict. Exceeding it returns 503.',
      outagesAllowNothing,
    ),
    concurrency: neither(
      integer(1, 100_000).prefault(64),
      'Maximum number of concurrent calls. As many may wait; further ones return 503.',
    ),
    rejectedStatuses: decides(
      z.array(integer(400, 499)).prefault([...rejectedStatuses]),
      `Statuses with which it rejects a credential; the client gets 401. Anything else except 200 and 429 is a failure of ${whom} (503), so that a wrong URL does not sign out all users.`,
      removed('a cached verdict is used on, although the source refuses the credential with this status'),
    ),
    honorCacheControl: decides(
      bool().prefault(false),
      'Whether Cache-Control of its responses can shorten how long a verdict is cached, or with no-store or no-cache prevent caching. It never extends the time.',
      ordered([true, false], 'a verdict is used longer than the response permits'),
    ),
    breaker: described(
      z
        .strictObject({
          failures: neither(
            integer(1, 10_000).prefault(5),
            'Number of consecutive failures that open the breaker.',
            outagesAllowNothing,
          ),
          open: neither(
            duration().prefault('500ms'),
            'How long it stays open before one call tests the URL again; longer, up to a minute, if Retry-After of its response says so.',
          ),
        })
        .prefault({}),
      `Circuit breaker of each URL. It spares a failing service, and refuses requests at once (503). A 429 counts as a failure only if good credentials from five networks get one within ten seconds, while no check has another result.`,
    ),
    tls: described(
      clientTls(whom).optional(),
      `TLS to ${whom}: { ca, cert, key, serverName }. Certificates are always verified.`,
      {
        alternative: true,
      },
    ),
  };
}
