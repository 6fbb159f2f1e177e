/** What routes do to answers: CORS, and headers set or removed. Compiled here, because both need other sections. */
import { type CorsPolicy, compileCors } from '../../core/forwarding/cors.ts';
import { compileResponseRules, type ResponseRules } from '../../core/forwarding/response-rules.ts';
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { hopByHop } from '../../core/syntax/header-names.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import type { Path } from '../yaml/tree.ts';
import type { Check } from './check.ts';
import { keyPairHeaders } from './check-sections.ts';

/** Framing, meaning of the body, and what Rolegate says itself. */
const fixed: ReadonlySet<string> = new Set([
  ...hopByHop,
  'allow',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'set-cookie',
  'via',
  'www-authenticate',
  'x-error',
  'x-error-id',
  'x-request-id',
  'x-rolegate-gateway',
  'x-rolegate-stale',
]);
/** These may be removed, but not set. */
const removable: ReadonlySet<string> = new Set(['date', 'set-cookie', 'x-request-id']);

type ResponseHeaders = Parts<RouteEntry>['responseHeaders'];

/** Names that identities and credentials travel in, in canonical form. */
function namesOfConfig(parts: Parts<ConfigFile>): ReadonlySet<string> {
  const names = ['authorization', ...keyPairHeaders(parts), ...Object.keys(parts.identityHeaders ?? {})];
  return new Set(names.map(canonicalName));
}

/** Problems of one section, wherever it stands. */
function checkResponseHeaders(
  section: ResponseHeaders,
  path: Path,
  identities: ReadonlySet<string>,
  check: Check,
): void {
  const seen = new Set<string>();
  for (const name of check.keys([...path, 'set']) ?? []) {
    const at = [...path, 'set', name];
    const canonical = canonicalName(name);
    if (!token.test(name) || name.length > 100) check.atKey(at, 'expected the name of a header');
    else if (seen.has(canonical)) check.atKey(at, `"${name}" stands here twice`, 'header names have no case');
    else refuse(canonical, false, identities, (message, hint) => check.atKey(at, message, hint));
    seen.add(canonical);
  }
  section?.remove?.forEach((name, index) => {
    if (name === undefined) return;
    const at = [...path, 'remove', index];
    refuse(canonicalName(name), true, identities, (message, hint) => check.at(at, message, hint));
  });
}

function refuse(
  name: string,
  removes: boolean,
  identities: ReadonlySet<string>,
  report: (message: string, hint: string | null) => void,
): void {
  if (name.startsWith('access-control-')) {
    report('headers of CORS have a section of their own', 'use "cors"');
  } else if (identities.has(name)) {
    report('this header carries identities or credentials, and never goes to clients', 'remove it');
  } else if (fixed.has(name) && !(removes && removable.has(name))) {
    report('this header frames the answer, belongs to its connection, or is written by Rolegate', 'remove it');
  }
}

/** The route's own keys, and those of the defaults where it has none. */
function compileResponseHeaders(own: ResponseHeaders, defaults: ResponseHeaders): ResponseRules | null {
  const set = own?.set ?? defaults?.set ?? {};
  const pairs = Object.entries(set).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), value] as const],
  );
  return compileResponseRules({
    security: own?.security ?? defaults?.security ?? 'off',
    set: new Map(pairs),
    remove: (own?.remove ?? defaults?.remove ?? []).filter((name) => name !== undefined),
  });
}

/** `route`: where the route stands. */
function checkCors(
  cors: Parts<RouteEntry>['cors'],
  route: Path,
  parts: Parts<ConfigFile>,
  check: Check,
): CorsPolicy | null {
  if (cors === undefined) return null;
  const path = [...route, 'cors'];
  const origins = cors.origins ?? [];
  if (cors.origins?.length === 0) check.at([...path, 'origins'], 'an empty list lets no page in', 'remove "cors"');
  origins.forEach((origin, index) => {
    if (origin === undefined) return;
    const at = [...path, 'origins', index];
    if (origins.indexOf(origin) < index) check.at(at, 'this origin is listed twice');
    else if (origin === '*' && origins.length > 1) check.at(at, '"*" stands alone', 'it lets every page in');
    if (!origin.includes('*') || cors.credentials !== true) return;
    check.at(at, 'with "credentials: true" every origin is written out', 'cookies would go to pages that nobody named');
  });
  for (const key of ['methods', 'headers'] as const) {
    if (cors[key]?.length === 0) check.at([...path, key], 'an empty list allows nothing', 'remove it for the default');
  }
  const present = <T>(items: readonly (T | undefined)[]) => items.filter((item) => item !== undefined);
  return compileCors({
    origins: present(origins),
    methods: cors.methods === undefined ? null : present(cors.methods),
    headers: present(cors.headers ?? ['authorization', ...keyPairHeaders(parts), 'content-type']),
    exposeHeaders: present(cors.exposeHeaders ?? []),
    credentials: cors.credentials ?? false,
    maxAgeMs: cors.maxAge ?? 0,
  });
}

/** Checks the defaults, and returns what reads the two sections of a route. */
export function createAnswersReader(
  parts: Parts<ConfigFile>,
  check: Check,
): (entry: Parts<RouteEntry>, path: Path, check: Check) => { cors: CorsPolicy | null; response: ResponseRules | null } {
  const identities = namesOfConfig(parts);
  const shared = parts.defaults?.responseHeaders;
  checkResponseHeaders(shared, ['defaults', 'responseHeaders'], identities, check);
  const ordinary = compileResponseHeaders(undefined, shared);
  return (entry, path, place) => {
    const own = entry.responseHeaders;
    if (own !== undefined) checkResponseHeaders(own, [...path, 'responseHeaders'], identities, place);
    return {
      cors: checkCors(entry.cors, path, parts, place),
      response: own === undefined ? ordinary : compileResponseHeaders(own, shared),
    };
  };
}
