/**
 * The keys of one issuer. They are kept for up to a day while the issuer is unreachable. An unknown key id triggers another fetch, one at a
 * time and at most every 30 s, so that made-up key ids cost the issuer nothing.
 */
import type { CryptoKey, JSONWebKeySet, JWK, LocalJWKSet } from 'jose';
import type { SourceFailure } from '../../../core/identity/identity.ts';
import { type Clocks, elapsedMs, type Moment, momentOf } from '../../clock.ts';
import type { Claims } from '../claims.ts';
import { isFailure, type KeyFetcher } from './fetch-keys.ts';

export type FoundKeys =
  /** Keys that may have signed it, at least one. */
  | { readonly keys: readonly CryptoKey[] }
  /** No key fits; a retry may succeed after this time. */
  | { readonly unknownForMs: number }
  | { readonly failure: SourceFailure };

export interface IssuerKeys {
  /** For a token with this header; only its `alg` and `kid` matter. */
  find(header: Claims): Promise<FoundKeys>;
  /** Whether there are keys; they are fetched if there are none. */
  status(): Promise<{ readonly reachable: boolean; readonly failure: SourceFailure | null }>;
  close(): Promise<void>;
}

/** Age at which keys are fetched again while they are used. */
const freshMs = 600_000;
/** Age at which they are no longer used. */
const maxMs = 86_400_000;
/** Minimum time between two fetches, regardless of tokens. */
const refetchMs = 30_000;
/** The same while there are no keys. */
const retryMs = 1_000;
/** Maximum keys of one kind and id that are tried. */
const maxTried = 8;

export function fetchedKeys(fetcher: KeyFetcher, clocks: Clocks): IssuerKeys {
  let entry: { readonly set: LocalJWKSet; readonly fetched: Moment } | null = null;
  /** Failure of the last fetch; null: it returned keys. */
  let failure: SourceFailure | null = null;
  let tried: Moment | null = null;
  let flight: Promise<void> | null = null;

  async function fetchNow(): Promise<void> {
    const began = momentOf(clocks);
    tried = began;
    const fetched = await fetcher.fetch();
    if (isFailure(fetched)) {
      failure = fetched;
      return;
    }
    entry = { set: fetched, fetched: began };
    failure = null;
  }

  /** Joins the fetch in progress, or begins one if the last was `pauseMs` ago. */
  async function refresh(pauseMs: number): Promise<void> {
    if (flight === null && sinceTriedMs() >= pauseMs) {
      flight = fetchNow().finally(() => {
        flight = null;
      });
    }
    await flight;
  }

  const since = (moment: Moment | undefined | null) =>
    moment == null ? Number.POSITIVE_INFINITY : elapsedMs(moment, clocks);
  const sinceTriedMs = () => since(tried);
  const ageMs = () => since(entry?.fetched);

  async function usable(): Promise<LocalJWKSet | null> {
    if (ageMs() > maxMs) await refresh(retryMs);
    else if (ageMs() > freshMs) void refresh(refetchMs);
    return entry === null || ageMs() > maxMs ? null : entry.set;
  }

  return {
    async find(header) {
      const set = await usable();
      if (set === null) return { failure: failure! };
      const known = await select(set, header);
      if (known.length > 0) return { keys: known };
      await refresh(refetchMs);
      const later = entry === null ? [] : await select(entry.set, header);
      if (later.length > 0) return { keys: later };
      return failure === null ? { unknownForMs: Math.max(refetchMs - sinceTriedMs(), 0) } : { failure };
    },
    async status() {
      const set = await usable();
      return { reachable: set !== null, failure };
    },
    close: () => fetcher.close(),
  };
}

/** Keys from files: those without an id apply to tokens with any id. */
export function fixedKeys(keys: readonly JWK[]): IssuerKeys {
  const sets = Promise.all([
    localSet({ keys: [...keys] }),
    localSet({ keys: keys.filter(({ kid }) => kid === undefined) }),
  ]);
  return {
    async find({ alg, kid }) {
      const [all, unnamed] = await sets;
      const named = await select(all, { alg, kid });
      const candidates = named.length > 0 ? named : await select(unnamed, { alg });
      return candidates.length > 0 ? { keys: candidates } : { unknownForMs: Number.POSITIVE_INFINITY };
    },
    status: async () => ({ reachable: true, failure: null }),
    close: async () => {},
  };
}

async function localSet(keys: JSONWebKeySet): Promise<LocalJWKSet> {
  const { createLocalJWKSet } = await import('jose');
  return createLocalJWKSet(keys);
}

/** Only by `alg` and `kid`: anyone can write the rest of a header. */
async function select(set: LocalJWKSet, { alg, kid }: Claims): Promise<readonly CryptoKey[]> {
  const { errors } = await import('jose');
  try {
    return [await set({ alg: String(alg), ...(kid === undefined ? {} : { kid: String(kid) }) })];
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return [];
    const keys: CryptoKey[] = [];
    for await (const key of error) if (keys.push(key) === maxTried) break;
    return keys;
  }
}
