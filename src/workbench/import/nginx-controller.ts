/** What the `ConfigMap` of the controller asks of all requests, as far as an Ingress says nothing else. */
import type { Leftover } from './imported-rule.ts';
import { readRanges } from './read-values.ts';
import { child, entriesOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

export interface ControllerDemands {
  /** It asks for an identity. */
  readonly auth: boolean;
  /** Addresses that are let in where an Ingress names none; null: every one. `unreadable`: nobody knows which. */
  readonly ranges: readonly string[] | 'unreadable' | null;
  /** It can keep requests out in a way that is not told here. */
  readonly closing: boolean;
}

/** Settings that can keep requests out. */
const closing =
  /^(?:denylist-source-range|block-(?:cidrs|user-agents|referers)|(?:http|server|location|modsecurity)-snippet|global-auth-snippet|enable-(?:owasp-)?modsecurity(?:-crs)?)$/;
/** Those that may matter, and have no counterpart. */
const telling = /auth|limit|allow-|forwarded|real-ip|proxy-protocol/;

export function readController(resources: readonly SourceNode[], leftovers: Leftover[]): ControllerDemands {
  let demands: ControllerDemands = { auth: false, ranges: null, closing: false };
  for (const map of resources) {
    if (textOf(child(map, 'kind')) !== 'ConfigMap') continue;
    const what = textOf(child(map, 'metadata', 'name')) ?? 'ConfigMap';
    for (const [key, value] of entriesOf(child(map, 'data'))) {
      const text = textOf(value) ?? '';
      const tell = (why: string) => leftovers.push({ file: value.file, line: value.line, what, why });
      if (text === '' || text === 'false') continue;
      if (key === 'global-auth-url') demands = { ...demands, auth: true };
      else if (key === 'whitelist-source-range') {
        const ranges = demands.ranges === null ? readRanges(text) : null;
        if (ranges === null) tell('all that name no ranges of their own are denied, because its ranges cannot be read');
        demands = { ...demands, ranges: ranges ?? 'unreadable' };
      } else if (closing.test(key)) {
        demands = { ...demands, closing: true };
        tell(`all is denied, because "${key}" can keep requests out and has no counterpart`);
      } else if (telling.test(key)) tell(`its "${key}"`);
    }
  }
  return demands;
}
