/**
 * Sends people to a sign-in page: a browser navigation without a valid credential is redirected to the page, with the return address.
 * Everything else keeps its 401, because a program cannot use a page.
 */
import { type ReasonCode, reasons } from '../outcome/reasons.ts';
import type { CanonicalRequest } from '../request/request-view.ts';
import { isNamed, trimBlanks } from '../syntax/header-fields.ts';
import { plainAuthority } from '../url/plain-authority.ts';
import { noStepUp, type StepUp } from './step-up.ts';

export interface SignIn {
  /** A path of the same host, or an absolute URL; without a fragment. */
  readonly url: string;
  /** Query parameter with the return address. */
  readonly returnParameter: string;
  /** If the gateway itself signs people in: its origins, below each of which `url` is a path. Null: the page is another's. */
  readonly origins: readonly [string, ...string[]] | null;
}

/** Below it are the paths of the gateway itself, at the origin of the protected pages. */
export const ownPaths = '/.rolegate/';

/** The path where a sign-in begins: at the provider, or with a choice among several. */
export function signInPath(providers: readonly string[]): string {
  const [only = ''] = providers;
  if (providers.length === 1) return `${ownPaths}sign-in/${encodeURIComponent(only)}`;
  return `${ownPaths}sign-in${providers.map((one, i) => `${i === 0 ? '?' : '&'}provider=${encodeURIComponent(one)}`).join('')}`;
}

export function signInAt(origins: readonly [string, ...string[]], providers: readonly string[]): SignIn {
  return { url: signInPath(providers), returnParameter: 'return_to', origins };
}

/** The page for requests to this authority: the gateway's own is at the host of the request, if people can sign in there. */
export function signInUrl({ url, origins }: SignIn, authority: string): string {
  if (origins === null) return url;
  const host = plainAuthority(authority);
  const own = origins.find((one) => plainAuthority(one.slice(one.indexOf('://') + 3)) === host);
  return (own ?? origins[0]) + url;
}

/** Maximum length of a return address; without one, the sign-in page decides where to go. */
const maxReturn = 2_000;

/**
 * Value of `Location`, or null to keep the refusal. For a page on the same host, the return address is a path. For another host it has the
 * scheme and host of the request, which the route has matched, so it never leads elsewhere. `stepUp`: the page gets it as `max_age` and
 * `acr_values`, as in OpenID Connect, so that it does not accept the sign-in that is too old or too weak.
 */
export function signInLocation(
  signIn: SignIn | null,
  reason: ReasonCode,
  request: CanonicalRequest,
  rawHeaders: readonly string[],
  proto: 'http' | 'https',
  { maxAgeS, acr }: StepUp = noStepUp,
): string | null {
  if (signIn === null || reasons[reason].status !== 401 || request.method !== 'GET') return null;
  if (!isNavigation(rawHeaders)) return null;
  const { returnParameter } = signIn;
  const url = signInUrl(signIn, request.authority);
  const isPath = url.startsWith('/');
  const origin = `${proto}://${request.authority}`;
  const page = isPath ? url : url.startsWith(`${origin}/`) ? url.slice(origin.length) : null;
  // The page itself requires a credential: it would redirect to itself forever.
  if (page !== null && page.split('?', 1)[0] === request.path) return null;
  const back = (isPath ? '' : origin) + request.path + request.query;
  // A canonical path begins with one slash: after two, the next segment would be a host. HTTP/1.0 may have no host.
  const recent = maxAgeS === null ? url : withParameter(url, 'max_age', String(maxAgeS));
  const wanted = acr === null ? recent : withParameter(recent, 'acr_values', encodeBytes(acr.join(' ')));
  const leadsBack = !request.path.startsWith('//') && (isPath || request.authority !== '');
  if (!leadsBack || back.length > maxReturn) return wanted;
  return withParameter(wanted, returnParameter, encodeBytes(back));
}

function withParameter(url: string, name: string, value: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${name}=${value}`;
}

/** `encodeURIComponent` for text with one byte per character, as requests are read. */
function encodeBytes(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~]/g, (char) => {
    return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

/**
 * Of a tab, which browsers state (Fetch Metadata); older ones are recognized because they prefer HTML. Not of a frame, where providers show
 * no page, and not ahead of a click, when no user sees the page.
 */
export function isNavigation(rawHeaders: readonly string[]): boolean {
  if (hasHeader(rawHeaders, 'upgrade')) return false;
  if (aheadOfClick.some((name) => onlyValue(rawHeaders, name)?.includes('prefetch'))) return false;
  const mode = onlyValue(rawHeaders, 'sec-fetch-mode');
  if (mode !== null)
    return mode === 'navigate' && (onlyValue(rawHeaders, 'sec-fetch-dest') ?? 'document') === 'document';
  const accept = onlyValue(rawHeaders, 'accept');
  return accept !== null && prefersHtml(accept);
}

/** The last two: of older browsers. */
const aheadOfClick = ['sec-purpose', 'purpose', 'x-moz'] as const;

/** Whether a page's script sends the request: browsers would show their own dialog for a Basic challenge. */
export function isFromScript(rawHeaders: readonly string[]): boolean {
  const mode = onlyValue(rawHeaders, 'sec-fetch-mode');
  return mode !== null && mode !== 'navigate';
}

/** HTML is the first of those with the highest weight (RFC 9110 section 12.5.1). */
function prefersHtml(accept: string): boolean {
  let best = '';
  let highest = 0;
  for (const part of accept.split(',')) {
    const [type = '', ...parameters] = part.split(';').map(trimBlanks);
    const weight = parameters.find((parameter) => /^q=/i.test(parameter));
    const q = weight === undefined ? 1 : Number(weight.slice(2));
    if (q > highest) [best, highest] = [type.toLowerCase(), q];
  }
  return best === 'text/html' || best === 'application/xhtml+xml';
}

/** Null: no value. Empty: several values, which mean nothing. */
function onlyValue(rawHeaders: readonly string[], name: string): string | null {
  let value: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, name)) continue;
    value = value === null ? rawHeaders[i + 1]! : '';
  }
  return value;
}

function hasHeader(rawHeaders: readonly string[], name: string): boolean {
  return rawHeaders.some((text, i) => i % 2 === 0 && isNamed(text, name));
}
