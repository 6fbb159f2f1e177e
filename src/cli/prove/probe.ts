/** A request to a running installation, its response, and possible findings. */
import type { Decision } from '../../core/decision.ts';

/** What a group of requests tries, in words. */
export const groups = {
  rules: 'rules, by route and caller',
  methods: 'methods',
  effects: 'effects of each rule',
  paths: 'hostile paths',
  overrides: 'headers with another path, method or client',
  credentials: 'repeated and mixed credentials',
  upgrades: 'upgrades without a key',
  identity: 'forged identity headers',
  leaks: 'credentials that the service must not receive',
  outage: 'the Auth API is down',
  stopped: 'Rolegate is stopped',
  received: 'requests as the echo service received them',
} as const;
export type Group = keyof typeof groups;

export interface Probe {
  readonly group: Group;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  /** Alternating names and values, without `Host`. */
  readonly headers: readonly string[];
  /** Header values that are never shown. */
  readonly secrets: readonly string[];
  /** Null: any response is accepted. */
  readonly decision: Decision | null;
  /** A text that the response must not contain, because the service must not receive it. */
  readonly marker: string | null;
}

export interface Reply {
  readonly status: number;
  readonly header: (name: string) => string | null;
  /** Headers and the first part of the body, for markers. */
  readonly text: string;
  /** The first part of the body. */
  readonly body: string;
}

/** Instead of a reply. */
export interface Unanswered {
  /** Such as `ECONNRESET`. */
  readonly why: string;
}

/** Kinds of findings, with their meaning. */
export const findingKinds = {
  passed: [
    'a request that the rules refuse got through',
    'something in front of Rolegate, or next to it, decides differently',
  ],
  upgrade_passed: [
    'the service switched to another protocol, in which requests are not checked',
    'the proxy in front must remove the upgrade: print its configuration with "rolegate proxy-config"',
  ],
  identity_forged: [
    'the service received an identity header from the client',
    'the proxy in front must set or remove this header: print its configuration with "rolegate proxy-config"',
  ],
  credential_passed: [
    'the service received a credential that the route does not forward',
    'the proxy in front must remove it: print its configuration with "rolegate proxy-config"',
  ],
  rewritten: [
    'the service received another request than the one that was judged',
    'the proxy in front must forward method, path, query and Host unchanged',
  ],
  outage_as_refusal: [
    'an outage looks like a bad credential',
    'clients discard valid credentials: make the proxy send 503, for example with "status_on_error" of Envoy',
  ],
} as const satisfies Record<string, readonly [harm: string, advice: string]>;
export type FindingKind = keyof typeof findingKinds;

export interface Finding {
  readonly code: FindingKind;
  readonly probe: Probe;
  readonly status: number;
  /** What the echo service received, with `rewritten`. */
  readonly received?: string;
}
