/** The beginning of a sign-in: the page that leads on to the provider, the redirect there, and the question whether there is a session by now. */
import { signInPath } from '../core/credential/sign-in.ts';
import type { StepUp } from '../core/credential/step-up.ts';
import { newBrowser, readBrowser, setCookie } from './cookies.ts';
import { pageLook } from './page-look.ts';
import { type PageReply, type PageRequest, redirect, say, show } from './page-request.ts';
import { choicePage } from './pages/choice-page.ts';
import { startPage } from './pages/start-page.ts';
import { paths, withQuery } from './paths.ts';
import type { Provider } from './provider.ts';
import { homePath, maxReturnLength, returnAddress } from './return-address.ts';
import { currentSession, failure, isGoodFor, outage, type SignInParts, startAddress } from './sign-in-parts.ts';
import { stepUpParameters } from './step-up.ts';

export async function start(parts: SignInParts, provider: Provider, request: PageRequest): Promise<PageReply> {
  const { query } = request;
  const target = returnAddress(query.get('return_to'), request.origin);
  const stepUp = stepUpOf(query);
  if (query.has('check')) return await saySignedIn(parts, [provider.name], request);
  if (query.has('go'))
    return await leave(parts, provider, request, { target, ...stepUp, attempt: query.has('again') ? 1 : 0 });
  return show(startPage(pageLook(request), { ...addressesAt(paths.start(provider.name), stepUp), target }));
}

/** For routes with several providers. Those that the address does not name are not offered. */
export async function choose(parts: SignInParts, request: PageRequest): Promise<PageReply> {
  const { query } = request;
  const known = query.getAll('provider').filter((name) => parts.providers.has(name));
  const names = known.length === 0 ? [...parts.providers.keys()] : known;
  if (query.has('check')) return await saySignedIn(parts, names, request);
  const target = returnAddress(query.get('return_to'), request.origin);
  const stepUp = stepUpOf(query);
  const choices = names.map((name) => ({
    label: parts.providers.get(name)!.label,
    address: addressesAt(paths.start(name), stepUp).go,
  }));
  return show(choicePage(pageLook(request), { choices, check: addressesAt(signInPath(names), stepUp).check, target }));
}

/** Of the redirect to the provider, without the return address, and of the question whether there is a session. */
function addressesAt(path: string, stepUp: StepUp): { readonly go: string; readonly check: string } {
  const demanded = stepUpParameters(stepUp);
  return { go: withQuery(path, { go: '1', ...demanded }), check: withQuery(path, { check: '1', ...demanded }) };
}

async function saySignedIn(parts: SignInParts, providers: readonly string[], request: PageRequest): Promise<PageReply> {
  const current = await currentSession(parts, request);
  const isGood = current !== null && isGoodFor(current, providers, stepUpOf(request.query), parts.now());
  return say(isGood ? 'yes' : 'no');
}

interface Leaving extends StepUp {
  readonly target: string;
  readonly attempt: number;
}

/** To the provider. The browser gets its cookie, if it has none. */
async function leave(
  parts: SignInParts,
  provider: Provider,
  request: PageRequest,
  leaving: Leaving,
): Promise<PageReply> {
  const { cookies, transactions, origin } = parts;
  const known = readBrowser(request.rawHeaders, cookies.browserCookie);
  const browser = known ?? newBrowser();
  const cookie = known === null ? setCookie(cookies.browserCookie, browser) : [];
  if (request.origin !== origin) return redirect(handOverAddress(parts, provider, request, browser, leaving), cookie);
  const begun = transactions.begin({ ...leaving, provider: provider.name, origin }, browser);
  const location = await provider.startAuthorization({
    redirectUri: origin + paths.callback(provider.name),
    state: begun.state,
    nonce: begun.nonce(browser),
    verifier: begun.verifier(browser),
    maxAgeS: leaving.maxAgeS,
    acr: leaving.acr,
    reauthenticates: request.query.get('prompt') === 'login',
  });
  if (location instanceof URL) return redirect(location.href, cookie);
  const again = startAddress(provider.name, leaving.target);
  if (location.kind === 'unavailable') return outage(request, again, location.detail);
  return failure(request, location.error, again, location.detail);
}

/** At the main origin, which hands its session over. */
function handOverAddress(
  { origin: main, transactions }: SignInParts,
  provider: Provider,
  { origin }: PageRequest,
  browser: string,
  leaving: Leaving,
): string {
  const path = paths.handOver(provider.name);
  const to = (target: string) =>
    `${path}?state=${transactions.begin({ ...leaving, target, provider: provider.name, origin }, browser).state}`;
  const address = to(leaving.target);
  // There it is itself a return address.
  return main + (address.length > maxReturnLength ? to(homePath) : address);
}

function stepUpOf(query: URLSearchParams): StepUp {
  return { maxAgeS: secondsOf(query.get('max_age')), acr: acrOf(query.get('acr_values')) };
}

function secondsOf(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

const maxAcrLength = 4_000;

function acrOf(text: string | null): readonly string[] | null {
  const values = text === null || text.length > maxAcrLength ? [] : text.split(' ').filter((one) => one !== '');
  return values.length === 0 ? null : values;
}
