/** Keys of every source that is asked by HTTP. */
import { z } from 'zod';
import { clientTls } from './client-tls.ts';
import { decides, described, neither } from './key-class.ts';
import { bool, integer } from './scalar.ts';
import { duration } from './values.ts';

/** `rejectedStatuses`: by default. */
export function calls(whom: string, rejectedStatuses: readonly number[]) {
  return {
    timeout: neither(duration().prefault('2s'), 'Longest wait for a verdict; beyond it: 503.'),
    concurrency: neither(
      integer(1, 100_000).prefault(64),
      'Concurrent calls. The same number may wait; beyond that: 503.',
    ),
    rejectedStatuses: decides(
      z.array(integer(400, 499)).prefault([...rejectedStatuses]),
      `Statuses by which it rejects a credential (401). Anything else but 200 and 429 is a failure of ${whom} (503): a wrong URL must not sign out all users.`,
    ),
    honorCacheControl: decides(
      bool().prefault(false),
      'Whether Cache-Control of its responses can shorten the life of a verdict, and no-store or no-cache keep it from being kept; it never lengthens one.',
    ),
    breaker: described(
      z
        .strictObject({
          failures: neither(integer(1, 10_000).prefault(5), 'Failures in a row that open the breaker.'),
          open: neither(duration().prefault('5s'), 'How long it stays open before one call may try again.'),
        })
        .prefault({}),
      `Circuit breaker of each URL: spares a failing service, and refuses at once (503).`,
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
