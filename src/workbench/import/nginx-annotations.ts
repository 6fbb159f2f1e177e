/** What the annotations of an Ingress ask of a request, as access and conditions. */
import type { ConditionEntry } from './condition-entry.ts';
import type { ImportedAccess } from './imported-rule.ts';
import type { ControllerDemands } from './nginx-controller.ts';
import { readRanges } from './read-values.ts';
import { child, entriesOf, textOf } from './source-node.ts';
import type { SourceNode } from './source-text.ts';

export const nginxPrefix = 'nginx.ingress.kubernetes.io/';

export interface Demands {
  readonly access: ImportedAccess;
  readonly when: readonly ConditionEntry[];
  readonly identityHeaders: ReadonlyMap<string, string>;
}

type Tell = (why: string, at?: SourceNode) => void;

/** Annotations that are read elsewhere, or of which nothing is lost here. */
const harmless = new Set(
  [
    'use-regex rewrite-target auth-url auth-response-headers auth-method satisfy enable-global-auth backend-protocol',
    'whitelist-source-range allowlist-source-range ssl-redirect force-ssl-redirect canary proxy-body-size',
    'proxy-read-timeout proxy-send-timeout proxy-connect-timeout proxy-buffering proxy-buffer-size auth-cache-key',
    'auth-cache-duration auth-keepalive proxy-http-version client-body-buffer-size',
  ].flatMap((line) => line.split(' ')),
);
/** These can keep requests out in a way that is not told here. */
const closing =
  /^(?:auth-(?:type|secret|realm|tls-|snippet)|(?:configuration|server|location)-snippet$|denylist-source-range$|modsecurity-|enable-modsecurity$)/;

/** Of other controllers, which may keep requests out by them. */
const foreign =
  /^(?:[\w-]+\.)*(?:ingress\.kubernetes\.io|nginx\.(?:org|com)|traefik\.io|haproxy\.org|haproxy-ingress\.github\.io|konghq\.com)\//;

/** Which field of an identity such a header of an answer holds. */
const headerFields: ReadonlyMap<string, string> = new Map([
  ['x-auth-request-user', 'userId'],
  ['x-auth-request-groups', 'groups'],
  ['x-auth-request-preferred-username', 'alias'],
  ['x-user-id', 'userId'],
  ['remote-user', 'userId'],
  ['remote-groups', 'groups'],
  ['x-forwarded-user', 'userId'],
  ['x-forwarded-groups', 'groups'],
]);

/** `controller`: what it asks for where annotations say nothing else. */
export function readAnnotations(
  annotations: SourceNode | undefined,
  controller: ControllerDemands,
  tell: Tell,
): Demands {
  const get = (name: string) => child(annotations, `${nginxPrefix}${name}`);
  const refused: string[] = controller.closing ? ['the controller can keep requests out'] : [];
  for (const [key, value] of entriesOf(annotations)) {
    if (!key.startsWith(nginxPrefix)) {
      if (!foreign.test(key)) continue;
      refused.push('settings of another controller');
      tell(`denied, because "${key}" is a setting of another controller`, value);
      continue;
    }
    const name = key.slice(nginxPrefix.length);
    if (closing.test(name)) {
      refused.push(`"${name}" can keep requests out`);
      tell(`denied, because "${name}" can keep requests out and has no counterpart`, value);
    } else if (!harmless.has(name)) {
      tell(
        name === 'auth-signin'
          ? 'its "auth-signin": whoever is not signed in gets 401, and no redirect'
          : `its annotation "${name}"`,
        value,
      );
    }
  }
  const asked = readAuthUrl(get('auth-url'), tell);
  if (asked.refused) refused.push('its "auth-url" is asked for more than an identity');
  const byGlobal = get('auth-url') === undefined && controller.auth && textOf(get('enable-global-auth')) !== 'false';
  const known = get('auth-url') !== undefined || byGlobal;
  const rangesNode = get('allowlist-source-range') ?? get('whitelist-source-range');
  const read = rangesNode === undefined ? controller.ranges : (readRanges(textOf(rangesNode) ?? '') ?? 'unreadable');
  if (read === 'unreadable') {
    refused.push('its address ranges cannot be read');
    if (rangesNode !== undefined) tell('denied, because its address ranges cannot be read', rangesNode);
  }
  const ranges = read === 'unreadable' ? null : read;
  const identityHeaders = readHeaders(get('auth-response-headers'), tell);
  if (refused.length > 0) return { access: 'deny', when: [], identityHeaders };
  const inside: ConditionEntry[] =
    ranges === null ? [] : [{ client: 'address', cidr: ranges, reason: 'address_not_allowed' }];
  if (known && ranges !== null && textOf(get('satisfy')) === 'any') {
    // One of the two is enough.
    const identity: ConditionEntry =
      asked.groups === null ? { identity: 'userId', exists: true } : { identity: 'groups', in: asked.groups };
    const inRange: ConditionEntry = { client: 'address', cidr: ranges };
    return { access: 'optional', when: [{ any: [inRange, identity], reason: 'not_allowed' }], identityHeaders };
  }
  const groups: ConditionEntry[] =
    asked.groups === null ? [] : [{ identity: 'groups', in: asked.groups, reason: 'group_missing' }];
  return { access: known ? 'authenticated' : 'public', when: [...inside, ...groups], identityHeaders };
}

/** Groups of oauth2-proxy; any other question to the service cannot be asked here. */
function readAuthUrl(
  node: SourceNode | undefined,
  tell: Tell,
): { readonly groups: readonly string[] | null; readonly refused: boolean } {
  if (node === undefined) return { groups: null, refused: false };
  const text = textOf(node) ?? '';
  const query = text.includes('?') ? new URLSearchParams(text.slice(text.indexOf('?') + 1)) : new URLSearchParams();
  const others = [...query.keys()].filter((key) => key !== 'allowed_groups' && key !== 'rd');
  if (others.length > 0) {
    tell(`denied, because "auth-url" asks for more than an identity (${others.join(', ')})`, node);
    return { groups: null, refused: true };
  }
  tell('its "auth-url": the Auth API says who is known, not that service', node);
  const groups = query
    .getAll('allowed_groups')
    .flatMap((list) => list.split(','))
    .filter((name) => name !== '');
  return {
    groups: query.has('allowed_groups') ? groups : null,
    refused: query.has('allowed_groups') && groups.length === 0,
  };
}

function readHeaders(node: SourceNode | undefined, tell: Tell): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const names = (textOf(node) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    const field = headerFields.get(name.toLowerCase());
    if (field === undefined) tell(`its header "${name}": no field of an identity is known to be it`, node);
    else found.set(name.toLowerCase(), field);
  }
  return found;
}
