/**
 * `vi.waitFor` and `vi.waitUntil` end as soon as their condition is met. Their timeout is for a busy machine: ten
 * seconds by default instead of one. Loaded for each test file.
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
