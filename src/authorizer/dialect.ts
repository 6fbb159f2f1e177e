/** What a dialect is: how one kind of proxy states the request that it asks about, and what it expects back. */

import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Refusal } from '../proxy/refusal.ts';

/** Names as the configuration has them. */
export const dialectNames = ['nginx', 'traefik', 'caddy', 'haproxy', 'envoy', 'gateway-api'] as const;
export type DialectName = (typeof dialectNames)[number];

/** The request that the proxy sends: the check itself. */
export interface CheckRequest {
  readonly method: string;
  /** Names and values in turn, without what belongs to the connection. */
  readonly rawHeaders: readonly string[];
  /** Target behind the configured path, with the query; empty: there is nothing behind it. */
  readonly rest: string;
}

/** The request that the check is about, as the proxy has received it. */
export interface OriginalRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** The client's headers: names and values in turn. `Host` and what the proxy adds for the check are not among them. */
  readonly rawHeaders: readonly string[];
  /** Address at the other end of the proxy's connection; null: the proxy does not say. */
  readonly peer: string | null;
  /** The client has reached the proxy over TLS. */
  readonly secure: boolean;
  /** How long the proxy waits for the response, in milliseconds; `Infinity`: it does not say. */
  readonly waitsMs: number;
}

/** A header whose value for the service is decided here. Null: the service must not get one. */
export interface ManagedHeader {
  readonly name: string;
  readonly value: string | null;
  /** `credential`: it came from the client and may go on to the service. `identity`: only Rolegate may send it. */
  readonly kind: 'identity' | 'credential';
}

export interface Dialect {
  readonly name: DialectName;
  /** The original target is behind the configured path. */
  readonly targetBehindPath?: true;
  /** Null: a field of the original request is missing, repeated or not valid. */
  read(check: CheckRequest): OriginalRequest | null;
  /** Headers of the response that allows the request: names and values in turn. */
  allow(managed: readonly ManagedHeader[]): string[];
  /**
   * For a proxy that sends only the status of a refusal on: writes the response to the check, and returns the bytes of its body. The
   * whole refusal is at `/refusal` below the configured path.
   */
  readonly writeVerdict?: (response: WholeResponse, refusal: Refusal) => number;
}
