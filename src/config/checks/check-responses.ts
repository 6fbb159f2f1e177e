/** How routes change responses: CORS, and headers set or removed. Compiled here, because both need other sections. */
import { type CorsPolicy, compileCors } from '../../core/forwarding/cors.ts';
import { compileResponseRules, type ResponseRules } from '../../core/forwarding/response-rules.ts';
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { fixedInResponses, removable } from '../schema/header-names.ts';
import type { ConfigFile, Parts, RouteEntry } from '../schema.ts';
import { credentialHeaders } from './check-sections.ts';
import { type Location, whole } from './location.ts';

type ResponseHeaders = Parts<RouteEntry>['responseHeaders'];

/** Names of headers with identities and credentials, in canonical form. */
function namesOfConfig(parts: Parts<ConfigFile>): ReadonlySet<string> {
  const names = ['authorization', ...credentialHeaders(parts), ...Object.keys(parts.identityHeaders ?? {})];
  return new Set(names.map(canonicalName));
}

/** Problems of one section, of a route or of the defaults. */
function checkResponseHeaders(section: ResponseHeaders, at: Location, identities: ReadonlySet<string>): void {
  const seen = new Set<string>();
  for (const name of at.at('set').keys ?? []) {
    const there = at.at('set', name);
    const canonical = canonicalName(name);
    const refusal = whyFixed(canonical, false, identities);
    if (!token.test(name) || name.length > 100) there.reportKey('expected the name of a header');
    else if (seen.has(canonical)) there.reportKey(`"${name}" is listed twice`, 'header names are case-insensitive');
    else if (refusal !== null) there.reportKey(...refusal);
    seen.add(canonical);
  }
  section?.remove?.forEach((name, index) => {
    const refusal = name === undefined ? null : whyFixed(canonicalName(name), true, identities);
    if (refusal !== null) at.at('remove', index).report(...refusal);
  });
}

function whyFixed(name: string, removes: boolean, identities: ReadonlySet<string>): [string, string] | null {
  if (name.startsWith('access-control-')) return ['CORS headers are set by the section "cors"', 'use "cors"'];
  if (identities.has(name)) {
    return ['this header carries identities or credentials, and is never sent to clients', 'remove it'];
  }
  if (!fixedInResponses.has(name) || (removes && removable.has(name))) return null;
  return ['this header frames the response, belongs to its connection, or is written by Rolegate', 'remove it'];
}

/** The route's own keys, or those of the defaults. */
function compileResponseHeaders(own: ResponseHeaders, defaults: ResponseHeaders): ResponseRules | null {
  const pairs = Object.entries(own?.set ?? defaults?.set ?? {}).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), value] as const],
  );
  return compileResponseRules({
    security: own?.security ?? defaults?.security ?? 'off',
    set: new Map(pairs),
    remove: whole(own?.remove ?? defaults?.remove),
  });
}

function compileCorsOf(cors: Parts<RouteEntry>['cors'], parts: Parts<ConfigFile>): CorsPolicy | null {
  if (cors === undefined) return null;
  return compileCors({
    origins: whole(cors.origins),
    methods: cors.methods === undefined ? null : whole(cors.methods),
    headers: whole(cors.headers ?? ['authorization', ...credentialHeaders(parts), 'content-type']),
    exposeHeaders: whole(cors.exposeHeaders),
    credentials: cors.credentials ?? false,
    maxAgeMs: cors.maxAge ?? 0,
  });
}

export type ResponsesReader = (
  entry: Parts<RouteEntry>,
  at: Location,
) => { readonly cors: CorsPolicy | null; readonly response: ResponseRules | null };

/** Checks the defaults, and returns the reader of the two sections of a route. `at`: of the file. */
export function createResponsesReader(parts: Parts<ConfigFile>, at: Location): ResponsesReader {
  const identities = namesOfConfig(parts);
  const shared = parts.defaults?.responseHeaders;
  checkResponseHeaders(shared, at.at('defaults', 'responseHeaders'), identities);
  const ordinary = compileResponseHeaders(undefined, shared);
  return (entry, route) => {
    const own = entry.responseHeaders;
    if (own !== undefined) checkResponseHeaders(own, route.at('responseHeaders'), identities);
    return {
      cors: compileCorsOf(entry.cors, parts),
      response: own === undefined ? ordinary : compileResponseHeaders(own, shared),
    };
  };
}
