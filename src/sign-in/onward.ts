/** The way on from a return that opens no session: it is stale, was used before, or began in another browser. Nothing ends without one. */
import { type PageReply, type PageRequest, redirect } from './page-request.ts';
import { paths, withQuery } from './paths.ts';
import type { Provider } from './provider.ts';
import { homePath } from './return-address.ts';
import { type CurrentSession, endlessLoop, type SignInParts, startAddress } from './sign-in-parts.ts';
import type { Transaction } from './transaction.ts';

/** A person with a session goes to the address in the transaction; all others begin again, once. `begun` null: it was not sealed here. */
export function onward(
  { repeated }: SignInParts,
  provider: Provider,
  request: PageRequest,
  current: CurrentSession | null,
  { begun, browser }: { readonly begun: Transaction | null; readonly browser: string | null },
): PageReply {
  const { target = homePath, attempt = 0 } = begun ?? {};
  if (current !== null) return redirect(target);
  const isLost = attempt > 0 || (browser !== null && repeated.count(browser));
  if (isLost) return endlessLoop(request, startAddress(provider.name, target));
  return redirect(withQuery(paths.start(provider.name), { go: '1', again: '1', return_to: target }));
}
