/** What a route does besides letting in and forwarding: pages of other origins, readings of paths, headers of answers. */
import type { CorsPolicy } from '../cors/cors-policy.ts';
import type { AnswerRules } from '../forwarding/answer-rules.ts';
import { Ambiguity } from '../request/ambiguity.ts';
import type { Route } from './route.ts';

/** Plain data, fit for JSON; left out where the route says nothing. */
export interface RouteExtras {
  readonly cors?: { readonly origins: readonly string[]; readonly credentials: boolean };
  /** What differs from the ordinary reading, in the words of the configuration. */
  readonly pathReading?: Readonly<Record<string, string | boolean>>;
  /** `set`: unless the service has sent a security header itself. */
  readonly responseHeaders?: { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] };
}

export function describeExtras(route: Route): RouteExtras {
  const path = describePath(route);
  return {
    ...(route.cors === null ? {} : { cors: describeCors(route.cors) }),
    ...(Object.keys(path).length === 0 ? {} : { pathReading: path }),
    ...(route.answers === null ? {} : { responseHeaders: describeAnswers(route.answers) }),
  };
}

/** One line for each, such as `cors https://app.example.test`. */
export function extrasInWords({ cors, pathReading, responseHeaders }: RouteExtras): readonly string[] {
  const { set = {}, remove = [] } = responseHeaders ?? {};
  const added = Object.keys(set);
  return [
    ...(cors === undefined ? [] : [`cors ${cors.origins.join(', ')}${cors.credentials ? ' with cookies' : ''}`]),
    ...Object.entries(pathReading ?? {}).map(([key, value]) => `path ${key}: ${value}`),
    ...(added.length === 0 ? [] : [`answers get ${added.join(', ')}`]),
    ...(remove.length === 0 ? [] : [`answers lose ${remove.join(', ')}`]),
  ];
}

function describeCors({ anyOrigin, origins, wildcards, credentials }: CorsPolicy): NonNullable<RouteExtras['cors']> {
  const below = wildcards.map(({ scheme, suffix }) => `${scheme}*${suffix}`);
  return { origins: [...(anyOrigin ? ['*'] : []), ...origins, ...below], credentials };
}

function describePath({ tolerates, reading }: Route): Record<string, string | boolean> {
  const kept = Object.entries(Ambiguity).filter(([, bit]) => (tolerates & bit) !== 0);
  return {
    ...Object.fromEntries(kept.map(([name]) => [name, 'keep'])),
    ...(reading?.decodesSlash === true ? { encodedSlash: 'decode' } : {}),
    ...(reading !== null && reading.literals !== null ? { caseSensitive: false } : {}),
    ...(reading?.mergesSlashes === false ? { mergeSlashes: false } : {}),
  };
}

function describeAnswers({ names, added }: AnswerRules): NonNullable<RouteExtras['responseHeaders']> {
  const set = Object.fromEntries(added);
  return { set, remove: [...names].filter(([name, at]) => at < 0 && !Object.hasOwn(set, name)).map(([name]) => name) };
}
