/** Findings in a configuration of nginx: places where something may pass without a decision. */
import type { ProxySettings } from '../proxy-settings.ts';

/** Each with its effect and advice. */
export const findingKinds = {
  not_checked: ['requests reach the service without a check', 'check with Rolegate here too, or remove it'],
  path_changed: ['the path is changed after the decision', 'forward the target unchanged'],
  target_not_raw: [
    'the check describes another target, method or host than the service receives',
    'send them unchanged',
  ],
  field_missing: ['the check lacks a field that decisions need', 'add it'],
  check_path_wrong: [
    'the check uses a path that is not configured for this proxy',
    'use the one in authorizer.dialects',
  ],
  check_reachable: ['clients can call the check instead of the proxy', 'make it internal'],
  check_cached: ['a cache before the check outlives a revocation', 'cache nothing before the check'],
  identity_missing: ['an identity header comes from the client', 'set it from the response to the check'],
  identity_not_from_check: [
    'an identity header does not come from the check',
    'set it only from the response to the check',
  ],
  credential_forwarded: [
    'the service receives a credential that it must not have',
    'set it from the response to the check, or remove it',
  ],
  spelling_forwarded: ['another spelling of an identity header reaches the service', 'remove every spelling'],
  override_forwarded: [
    'a header that makes services act on another method, path or caller reaches the service',
    'remove it',
  ],
  upgrade_forwarded: [
    'after an upgrade such as h2c, requests reach the service without a check',
    'forward only a single "Upgrade: websocket"',
  ],
  client_forgeable: ['the client can choose its address in the check', 'send the address of the connection'],
  refusal_lost: ['refusals lose their status, headers or body', 'forward them unchanged'],
  refusal_bypassed: ['something else responds instead of Rolegate', 'forward its refusals unchanged'],
  not_read: [
    'this is not read, so requests may pass in a way that is not found',
    'test what the proxy does with rolegate prove',
  ],
  deadline_short: ['the proxy gives up before Rolegate does', 'wait longer than authorizer.timeout'],
} as const satisfies Record<string, readonly [harm: string, advice: string]>;
export type FindingCode = keyof typeof findingKinds;

export interface Finding {
  readonly code: FindingCode;
  /** From 1. */
  readonly line: number;
  /** Its subject, such as the name of a header; empty if the line shows it. */
  readonly subject: string;
}

/** A file that is not a configuration of nginx. */
export class UnreadableFileError extends Error {}

/** Names whose value the check determines, each of which must come from it. */
export function decidedNames({ identity, credentials }: ProxySettings): readonly (readonly [string, FindingCode])[] {
  return [
    ...identity.map((name) => [name, 'identity_missing'] as const),
    ...credentials.map((name) => [name, 'credential_forwarded'] as const),
  ];
}

/** Headers that every configuration must remove: those that change what services act on. */
export const mustBeRemoved: readonly string[] = [
  'x-http-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-rolegate-gateway',
];
