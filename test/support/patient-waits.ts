/**
 * `vi.waitFor` and `vi.waitUntil` end as soon as what they wait for is there. How long they look before it counts as
 * missing is for a busy machine: ten seconds where a test says nothing else, not one. Loaded for each test file.
 */
import { vi } from 'vitest';

interface Wait {
  readonly timeout?: number;
  readonly interval?: number;
}

const patient = (wait: number | Wait = {}) => (typeof wait === 'number' ? wait : { timeout: 10_000, ...wait });

const { waitFor, waitUntil } = vi;
vi.waitFor = (look, wait) => waitFor(look, patient(wait));
vi.waitUntil = (look, wait) => waitUntil(look, patient(wait));
