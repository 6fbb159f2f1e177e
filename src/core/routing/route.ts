/** A compiled route: what it matches, who may use it, where it goes. */
import type { RouteAccess } from '../policy/access.ts';
import type { RoutePattern } from './path-pattern.ts';

export interface Route {
  readonly id: string;
  /** Position in the file; metrics and logs keep one bound child per route under it. */
  readonly index: number;
  readonly pattern: RoutePattern;
  /** Methods that the route matches at all; null: every method. */
  readonly methods: readonly string[] | null;
  readonly access: RouteAccess;
  /** Bits of `Ambiguity` that the route tolerates in a path. */
  readonly tolerates: number;
  /** Oldest verdict that the route accepts, in milliseconds; `Infinity`: any that lives. */
  readonly maxAgeMs: number;
  /** Name of the upstream. */
  readonly upstream: string;
  /** Longest wait for the upstream's answer to begin, and between parts of a body, in milliseconds. */
  readonly timeoutMs: number;
  /** Largest request body in bytes; `Infinity`: no limit. */
  readonly maxBodyBytes: number;
  readonly rewrite: PathRewrite | null;
  /** Whether the client's credential headers reach the upstream. */
  readonly forwardCredentials: boolean;
  /** Whether WebSocket upgrades are forwarded. */
  readonly websocket: boolean;
}

/** Applied to the canonical path after the decision; whole segments only. */
export interface PathRewrite {
  /** Canonical prefix to remove, without trailing slash; empty: none. */
  readonly stripPrefix: string;
  /** Canonical prefix to put in front, without trailing slash; empty: none. */
  readonly addPrefix: string;
}
