/** The return from the provider. A callback that is stale, was used before or began in another browser opens no session. */
import { readBrowser, setCookie } from './cookies.ts';
import { onward } from './onward.ts';
import { type PageReply, type PageRequest, redirect } from './page-request.ts';
import { paths, withQuery } from './paths.ts';
import type { Provider, SignedIn } from './provider.ts';
import {
  type CurrentSession,
  currentSession,
  endlessLoop,
  failure,
  outage,
  type SignInParts,
  startAddress,
} from './sign-in-parts.ts';
import { meetsAcr, stepUpParameters } from './step-up.ts';
import type { OpenedTransaction, Transaction } from './transaction.ts';

export async function callback(parts: SignInParts, provider: Provider, request: PageRequest): Promise<PageReply> {
  const { transactions, spent, cookies, origin } = parts;
  const begun = transactions.open(request.query.get('state') ?? '');
  const browser = readBrowser(request.rawHeaders, cookies.browserCookie);
  const current = await currentSession(parts, request);
  const isGood = begun?.isGoodAt({ provider: provider.name, origin }, browser) === true;
  if (!isGood || !(await spent.spend(begun.id))) return onward(parts, provider, request, current, { begun, browser });
  return await exchangeCode(parts, provider, request, { begun, browser: browser!, current });
}

interface Return {
  readonly begun: OpenedTransaction;
  readonly browser: string;
  /** Before it. */
  readonly current: CurrentSession | null;
}

/** For a transaction that is spent, in its browser. */
export async function exchangeCode(
  parts: SignInParts,
  provider: Provider,
  request: PageRequest,
  { begun, browser, current }: Return,
): Promise<PageReply> {
  const { repeated, cookies, now, origin } = parts;
  const { target } = begun;
  const result = await provider.exchangeCode({
    callback: new URL(request.path + request.search, origin),
    state: request.query.get('state') ?? '',
    nonce: begun.nonce(browser),
    verifier: begun.verifier(browser),
    maxAgeS: begun.maxAgeS,
  });
  if (result.kind === 'unavailable') return outage(request, startAddress(provider.name, target), result.detail);
  if (result.kind === 'refused' && result.error === 'invalid_grant')
    return onward(parts, provider, request, current, { begun, browser });
  const again = startAddress(provider.name, target);
  if (result.kind === 'refused') return failure(request, result.error, again, result.detail);
  if (!meetsAcr(result.claims, begun.acr)) return tooWeak(provider, begun, request);
  if (repeated.count(browser)) return endlessLoop(request, again);
  const id = await parts.sessions.open(sessionOf(provider, result, request, begun.id, now()));
  await endReplaced(parts, current, result);
  return redirect(target, setCookie(cookies.cookie, id));
}

/**
 * A provider that remembers an earlier sign-in may take the demand for a wish (OpenID Connect Core 1.0, section 5.5.1.1): it is asked once
 * more, to let the user sign in again. It may also not have such a sign-in, so that another round would end in the same way.
 */
function tooWeak(provider: Provider, { target, acr, maxAgeS, attempt }: Transaction, request: PageRequest): PageReply {
  const demanded = acr!.join(' ');
  if (attempt > 0) {
    const again = startAddress(provider.name, target);
    const cause = `the provider returned no acr of: ${demanded}`;
    return failure(request, 'unmet_authentication_requirements', again, cause);
  }
  const again = { go: '1', again: '1', prompt: 'login', return_to: target, ...stepUpParameters({ maxAgeS, acr }) };
  return redirect(withQuery(paths.start(provider.name), again));
}

/** One that was opened just now is that of another tab, whose requests are under way. */
const justNowMs = 60_000;

/** The new session has a new id, whatever cookie came with the callback (session fixation); the previous one of this browser ends. */
async function endReplaced(
  { sessions, now }: SignInParts,
  current: CurrentSession | null,
  by: SignedIn,
): Promise<void> {
  if (current === null) return;
  const { issuer, subject, openedAtMs } = current.session;
  const isSame = issuer === by.issuer && subject === by.subject;
  if (!isSame || now() - openedAtMs > justNowMs) await sessions.end(current.id);
}

function sessionOf(
  provider: Provider,
  { issuer, subject, claims, authenticatedAtMs, tokens }: SignedIn,
  request: PageRequest,
  transaction: string,
  nowMs: number,
) {
  const { sid } = claims;
  return {
    provider: provider.name,
    issuer,
    subject,
    claims,
    providerSession: typeof sid === 'string' ? sid : null,
    authenticatedAtMs,
    openedAtMs: nowMs,
    transaction,
    usedAtMs: nowMs,
    device: request.userAgent.slice(0, 300),
    address: request.address,
    tokens,
  };
}
