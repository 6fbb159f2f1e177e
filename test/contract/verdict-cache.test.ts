/** The contract suite for the in-memory verdict cache. */
import { MemoryCache } from '../../src/identity/cache/memory-cache.ts';
import { describeVerdictStore } from './verdict-cache.ts';

describeVerdictStore('MemoryCache', async () => ({
  store: new MemoryCache({ maxAccepted: 100, maxRejected: 100, maxBytes: 1_000_000, staleOnOutageMs: 0 }),
  close: async () => {},
}));
