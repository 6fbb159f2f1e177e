/** What the annotations of an Ingress require of a request. An annotation that is not known to be harmless denies access. */
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
  /** Why access is denied; null: it is not. */
  readonly denied: string | null;
}

export type Tell = (why: string, at?: SourceNode) => void;

/** Annotations that are handled here or elsewhere, and those that do not affect access. */
const harmless = new RegExp(
  `^(?:${[
    'use-regex|rewrite-target|auth-url|auth-response-headers|auth-method|satisfy|enable-global-auth|backend-protocol',
    '(?:white|allow)list-source-range|(?:force-)?ssl-redirect|ssl-ciphers|ssl-prefer-server-ciphers|server-alias',
    'from-to-www-redirect|proxy-.*|auth-cache-.*|auth-keepalive.*|auth-always-set-cookie|auth-request-redirect',
    'client-body-buffer-size|service-upstream|load-balance|affinity.*|session-cookie-.*|upstream-hash-by.*',
    'enable-access-log|enable-rewrite-log|enable-opentelemetry|opentelemetry-.*|http2-push-preload',
    'connection-proxy-header|preserve-trailing-slash',
  ].join('|')})$`,
);
/** Annotations whose loss callers or the service notice. */
const telling =
  /^(?:auth-signin.*|limit-.*|enable-cors|cors-.*|custom-http-errors|default-backend|disable-proxy-intercept-errors|custom-headers|upstream-vhost|x-forwarded-prefix|mirror-.*)$/;
/** Annotations of other controllers, which may use them to refuse requests. */
const foreign =
  /^(?:[\w-]+\.)*(?:ingress\.kubernetes\.io|nginx\.(?:org|com)|traefik\.io|haproxy\.org|haproxy-ingress\.github\.io|konghq\.com)\//;

/** The identity field that each response header contains. */
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

/** The service that `auth-url` calls, without the groups that it requires; null: none. */
export function authOf(annotations: SourceNode | undefined, { authUrl }: ControllerDemands): string | null {
  const own = textOf(child(annotations, `${nginxPrefix}auth-url`));
  const global = textOf(child(annotations, `${nginxPrefix}enable-global-auth`)) === 'false' ? null : authUrl;
  return own ?? global;
}

/** Groups that oauth2-proxy requires, and the URL without them. Another service may interpret them differently. */
export function splitAuthUrl(url: string): { readonly service: string; readonly groups: readonly string[] | null } {
  const read = /^([^?]*\/oauth2\/auth)\?allowed_groups=([^&=]+)$/.exec(url);
  if (read === null) return { service: url, groups: null };
  const groups = decodeURIComponent(read[2]!.replace(/%(?![0-9a-f]{2})/gi, '%25')).split(',');
  return { service: read[1]!, groups: groups.filter((name) => name !== '') };
}

/** `auth`: the service that the Auth API replaces; `others`: why another one is denied. */
export function readAnnotations(
  annotations: SourceNode | undefined,
  controller: ControllerDemands,
  { auth, others }: { readonly auth: string | null; readonly others: string },
  tell: Tell,
): Demands {
  const get = (name: string) => child(annotations, `${nginxPrefix}${name}`);
  const identityHeaders = readHeaders(get('auth-response-headers'), tell);
  const refuse = (denied: string): Demands => ({ access: 'deny', when: [], identityHeaders, denied });
  if (controller.closed !== null) return refuse(controller.closed);
  for (const [key, value] of entriesOf(annotations)) {
    if (foreign.test(key) && !key.startsWith(nginxPrefix)) return refuse(`"${key}" is a setting of another controller`);
    if (!key.startsWith(nginxPrefix)) continue;
    const name = key.slice(nginxPrefix.length);
    if (telling.test(name)) tell(`its annotation "${name}" has no equivalent`, value);
    else if (!harmless.test(name)) return refuse(`its annotation "${name}" is unknown or has no equivalent`);
  }
  const url = authOf(annotations, controller);
  const asked = url === null ? null : splitAuthUrl(url);
  if (asked !== null && asked.service !== auth) return refuse(others);
  if (asked?.groups?.length === 0) return refuse('its "auth-url" requires groups, but lists none');
  const rangesNode = get('allowlist-source-range') ?? get('whitelist-source-range');
  const ranges = rangesNode === undefined ? controller.ranges : readRanges(textOf(rangesNode) ?? '');
  if (rangesNode !== undefined && ranges === null) return refuse('its address ranges cannot be read');
  const inRange: ConditionEntry[] = ranges === null ? [] : [{ client: 'address', cidr: ranges }];
  const groups = asked?.groups ?? null;
  const inGroup: ConditionEntry[] = groups === null ? [] : [{ identity: 'groups', in: groups }];
  if (asked !== null && ranges !== null && textOf(get('satisfy')) === 'any') {
    const known: ConditionEntry = inGroup[0] ?? { identity: 'userId', exists: true };
    return {
      access: 'optional',
      when: [{ any: [...inRange, known], reason: 'not_allowed' }],
      identityHeaders,
      denied: null,
    };
  }
  const when = [
    ...inRange.map((entry) => ({ ...entry, reason: 'address_not_allowed' })),
    ...inGroup.map((entry) => ({ ...entry, reason: 'group_missing' })),
  ];
  return { access: asked === null ? 'public' : 'authenticated', when, identityHeaders, denied: null };
}

function readHeaders(node: SourceNode | undefined, tell: Tell): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const names = (textOf(node) ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    const field = headerFields.get(name.toLowerCase());
    if (field === undefined) tell(`its header "${name}" matches no known identity field`, node);
    else found.set(name.toLowerCase(), field);
  }
  return found;
}
