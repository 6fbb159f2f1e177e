/**
 * The hand-over of a session to another host. A transaction that began there travels to the host where people sign in, and comes back with a
 * pass for its session, which is good once, for a minute, in the browser that began. So no cookie is for a whole domain, and a host that is
 * in strange hands gets no session but its own.
 */
import { createSeal } from '../sealing/seal-for-browsers.ts';
import { readBrowser, setCookie } from './cookies.ts';
import { onward } from './onward.ts';
import { type PageReply, type PageRequest, redirect } from './page-request.ts';
import { paths } from './paths.ts';
import type { Provider } from './provider.ts';
import { currentSession, endlessLoop, isGoodFor, type SignInParts, startAddress } from './sign-in-parts.ts';

/** A redirect. */
const passLifeMs = 60_000;

export interface Passes {
  /** For the session, to the transaction. */
  make(session: string, transaction: string): string;
  /** Null: it was not made here for this transaction, or is too old. */
  read(pass: string, transaction: string): string | null;
}

const maxBytes = 256;

export function createPasses(secrets: readonly string[], now: () => number): Passes {
  const sealed = createSeal(secrets, 'rolegate sign-in pass', maxBytes);
  const context = (transaction: string) => `rolegate hand-over ${transaction}`;
  return {
    make: (session, transaction) => sealed.seal(`${now()} ${session}`, context(transaction)),
    read(pass, transaction) {
      const [atMs, session = null] = sealed.open(pass, context(transaction))?.text.split(' ') ?? [];
      return Math.abs(now() - Number(atMs)) <= passLifeMs ? session : null;
    },
  };
}

/** At the main origin. Without a good session, the person signs in here first. */
export async function handOver(parts: SignInParts, provider: Provider, request: PageRequest): Promise<PageReply> {
  const state = request.query.get('state') ?? '';
  const begun = parts.transactions.open(state);
  if (begun === null || begun.provider !== provider.name || !parts.otherOrigins.includes(begun.origin))
    return redirect('/');
  const back = `${begun.origin}${paths.takeOver(provider.name)}?state=${state}`;
  // There it begins again.
  if (begun.isOld) return redirect(back);
  const current = await currentSession(parts, request);
  // One that was opened for it is as recent as can be.
  const maxAgeS = current !== null && current.session.openedAtMs >= begun.atMs ? null : begun.maxAgeS;
  if (current !== null && isGoodFor(current, [provider.name], { maxAgeS, acr: begun.acr }, parts.now()))
    return redirect(`${back}&pass=${parts.passes.make(current.id, begun.id)}`);
  return redirect(startAddress(provider.name, request.path + request.search, begun));
}

/** At the other origin. */
export async function takeOver(parts: SignInParts, provider: Provider, request: PageRequest): Promise<PageReply> {
  const { transactions, spent, repeated, passes, sessions, cookies, hosts } = parts;
  const begun = transactions.open(request.query.get('state') ?? '');
  const browser = readBrowser(request.rawHeaders, cookies.browserCookie);
  const goOn = async () => onward(parts, provider, request, await currentSession(parts, request), { begun, browser });
  const id = begun === null ? null : passes.read(request.query.get('pass') ?? '', begun.id);
  if (begun === null || id === null) return await goOn();
  // By any browser: one that did not begin it was sent here by an attacker, who must not use the pass after it.
  const isUnused = await spent.spend(begun.id);
  if (!isUnused || !begun.isGoodAt({ provider: provider.name, origin: request.origin }, browser)) return await goOn();
  // The session may have ended since.
  if ((await sessions.find(id)) === null) return await goOn();
  const again = startAddress(provider.name, begun.target);
  if (repeated.count(browser)) return endlessLoop(request, again);
  return redirect(begun.target, setCookie(cookies.cookie, hosts.seal(id, new URL(request.origin).host)));
}
