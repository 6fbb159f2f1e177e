/** A dialect: how one kind of proxy describes the request of a check, and what response it expects. */

import type { WholeResponse } from '../http1/server/whole-response.ts';
import type { Refusal } from '../request-line/own-response.ts';

/** Names in the configuration. */
export const dialectNames = ['nginx', 'traefik', 'caddy', 'haproxy', 'envoy', 'gateway-api'] as const;
export type DialectName = (typeof dialectNames)[number];

/** The request that the proxy sends: the check itself. */
export interface CheckRequest {
  readonly method: string;
  /** Alternating names and values, without those of the connection. */
  readonly rawHeaders: readonly string[];
  /** Target after the configured path, with the query; may be empty. */
  readonly rest: string;
}

/** The request of the check, as the proxy has received it. */
export interface OriginalRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** The client's headers: alternating names and values, without `Host` and the fields that the proxy adds for the check. */
  readonly rawHeaders: readonly string[];
  /** Address of the proxy's peer; null: not reported. */
  readonly peer: string | null;
  /** The client reached the proxy over TLS. */
  readonly secure: boolean;
  /** How long the proxy waits for the response, in milliseconds; `Infinity`: not reported. */
  readonly waitsMs: number;
}

/** A header whose value for the service is determined here. Null: the service must not receive it. */
export interface ManagedHeader {
  readonly name: string;
  readonly value: string | null;
  /** `credential`: it came from the client and may be forwarded to the service. `identity`: only Rolegate may send it. */
  readonly kind: 'identity' | 'credential';
}

export interface Dialect {
  readonly name: DialectName;
  /** The original target follows the configured path. */
  readonly targetBehindPath?: true;
  /** Null: a field of the original request is missing, repeated or not valid. */
  read(check: CheckRequest): OriginalRequest | null;
  /** Headers of the response that allows the request: alternating names and values. */
  allow(managed: readonly ManagedHeader[]): string[];
  /**
   * For a proxy that forwards only the status of a refusal: writes the response to the check, and returns the bytes of its body. The whole
   * refusal is served at `/refusal` below the configured path.
   */
  readonly writeVerdict?: (response: WholeResponse, refusal: Refusal) => number;
}
