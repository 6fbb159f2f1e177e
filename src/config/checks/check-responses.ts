/** How routes change responses: CORS, and headers set or removed. Compiled here, because both need other sections. */
import { type CorsPolicy, compileCors } from '../../core/forwarding/cors.ts';
import { compileResponseRules, type ResponseRules } from '../../core/forwarding/response-rules.ts';
import { canonicalName, token } from '../../core/syntax/header-fields.ts';
import { fixedInResponses, removable } from '../schema/header-names.ts';
import type { ConfigFile, RouteEntry } from '../schema.ts';
import { credentialHeaders } from './check-sections.ts';
import type { Location } from './location.ts';

type ResponseHeaders = NonNullable<RouteEntry['responseHeaders']>;

/** Names of headers with identities and credentials, in canonical form. */
function namesOfConfig(file: ConfigFile): ReadonlySet<string> {
  const names = ['authorization', ...credentialHeaders(file), ...Object.keys(file.identityHeaders)];
  return new Set(names.map(canonicalName));
}

/** Problems of one section, of a route or of the defaults. */
function checkResponseHeaders(
  { set = {}, remove = [] }: ResponseHeaders,
  at: Location,
  identities: ReadonlySet<string>,
): void {
  const seen = new Set<string>();
  for (const name of Object.keys(set)) {
    const there = at.at('set', name);
    const canonical = canonicalName(name);
    const refusal = whyFixed(canonical, false, identities);
    if (!token.test(name) || name.length > 100) there.reportKey('expected the name of a header');
    else if (seen.has(canonical)) there.reportKey(`"${name}" is listed twice`, 'header names are case-insensitive');
    else if (refusal !== null) there.reportKey(...refusal);
    seen.add(canonical);
  }
  remove.forEach((name, index) => {
    const refusal = whyFixed(canonicalName(name), true, identities);
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
  const { security = 'off', set = {}, remove = [] } = { ...defaults, ...own };
  return compileResponseRules({
    security,
    set: new Map(Object.entries(set).map(([name, value]) => [name.toLowerCase(), value])),
    remove,
  });
}

function compileCorsOf(cors: RouteEntry['cors'], file: ConfigFile): CorsPolicy | null {
  if (cors === undefined) return null;
  const { methods = null, maxAge: maxAgeMs, ...rest } = cors;
  const headers = cors.headers ?? ['authorization', ...credentialHeaders(file), 'content-type'];
  return compileCors({ ...rest, methods, headers, maxAgeMs });
}

export type ResponsesReader = (
  entry: RouteEntry,
  at: Location,
) => { readonly cors: CorsPolicy | null; readonly response: ResponseRules | null };

/** Checks the defaults, and returns the reader of the two sections of a route. `at`: of the file. */
export function createResponsesReader(file: ConfigFile, at: Location): ResponsesReader {
  const identities = namesOfConfig(file);
  const shared = file.defaults.responseHeaders;
  checkResponseHeaders(shared, at.at('defaults', 'responseHeaders'), identities);
  const ordinary = compileResponseHeaders(shared, shared);
  return (entry, route) => {
    const own = entry.responseHeaders;
    if (own !== undefined) checkResponseHeaders(own, route.at('responseHeaders'), identities);
    return {
      cors: compileCorsOf(entry.cors, file),
      response: own === undefined ? ordinary : compileResponseHeaders(own, shared),
    };
  };
}
