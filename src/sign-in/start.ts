/** The beginning of a sign-in: the page that leads on to the provider, the redirect there, and the question whether there is a session by now. */
import type { StepUp } from '../core/credential/step-up.ts';
import { newBrowser, readCookie, setCookie } from './cookies.ts';
import { type PageReply, type PageRequest, redirect, refuse, say, show } from './page-request.ts';
import { failurePage } from './pages/message-pages.ts';
import { startPage } from './pages/start-page.ts';
import { paths } from './paths.ts';
import type { Provider } from './provider.ts';
import { returnAddress } from './return-address.ts';
import { currentSession, outage, type SignInParts, startAddress } from './sign-in-parts.ts';
import { meetsAcr, stepUpQuery } from './step-up.ts';

export async function start(parts: SignInParts, provider: Provider, request: PageRequest): Promise<PageReply> {
  const { query } = request;
  const target = returnAddress(query.get('return_to'), parts.origin);
  const stepUp = { maxAgeS: secondsOf(query.get('max_age')), acr: acrOf(query.get('acr_values')) };
  if (query.has('check')) return say((await isSignedIn(parts, provider, request, stepUp)) ? 'yes' : 'no');
  if (query.has('go'))
    return await leave(parts, provider, request, { target, ...stepUp, attempt: query.has('again') ? 1 : 0 });
  const rest = stepUpQuery(stepUp);
  const path = paths.start(provider.name);
  return show(startPage({ go: `${path}?go=1${rest}`, check: `${path}?check=1${rest}`, target }));
}

/** A session of this provider that is recent and strong enough. */
async function isSignedIn(
  parts: SignInParts,
  { name }: Provider,
  request: PageRequest,
  { maxAgeS, acr }: StepUp,
): Promise<boolean> {
  const current = await currentSession(parts, request);
  if (current === null || current.session.provider !== name) return false;
  if (!meetsAcr(current.session.claims, acr)) return false;
  const { authenticatedAtMs } = current.session;
  return maxAgeS === null || (authenticatedAtMs !== null && parts.now() - authenticatedAtMs <= maxAgeS * 1000);
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
  const known = readCookie(request.rawHeaders, cookies.browserCookie);
  const browser = known ?? newBrowser();
  const begun = transactions.begin({ ...leaving, provider: provider.name }, browser);
  const location = await provider.startAuthorization({
    redirectUri: origin + paths.callback(provider.name),
    state: begun.state,
    nonce: begun.nonce(browser),
    verifier: begun.verifier(browser),
    maxAgeS: leaving.maxAgeS,
    acr: leaving.acr,
    reauthenticates: request.query.get('prompt') === 'login',
  });
  if (location instanceof URL)
    return redirect(location.href, known === null ? setCookie(cookies.browserCookie, browser) : []);
  const { target } = leaving;
  if (location.kind === 'unavailable') return outage(provider.name, target, location.detail);
  const again = startAddress(provider.name, target);
  return refuse('sign_in_failed', (errorId) => failurePage(location.error, again, errorId), location.detail);
}

function secondsOf(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

const maxAcrLength = 4_000;

function acrOf(text: string | null): readonly string[] | null {
  const values = text === null || text.length > maxAcrLength ? [] : text.split(' ').filter((one) => one !== '');
  return values.length === 0 ? null : values;
}
