/** Keys under `tracing`. */
import { z } from 'zod';
import { neither } from './key-class.ts';
import { word } from './scalar.ts';

export const tracing = z.strictObject({
  trust: neither(
    word(['proxies', 'all']).prefault('proxies'),
    'Whose traceparent and tracestate count: those of "server.trustedProxies", or of all clients, who then choose trace ids and what is recorded. Requests of others begin a new trace.',
  ),
});
