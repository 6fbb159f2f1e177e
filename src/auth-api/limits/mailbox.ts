/** The mailbox behind an address, as far as limits are concerned. */
import { foldCase } from '../store/fold-case.ts';

/**
 * Without case and without the sub-address (RFC 5233): mail servers deliver `ana+shop@` to `ana@`, so counting them apart
 * would give each mailbox as many limits as there are tags.
 */
export function mailboxOf(address: string): string {
  const folded = foldCase(address);
  const at = folded.lastIndexOf('@');
  const [local = '', domain] = [folded.slice(0, at), folded.slice(at)];
  const plus = local.indexOf('+');
  // A local part that starts with "+" has nothing before it that could be a mailbox.
  return plus > 0 ? local.slice(0, plus) + domain : folded;
}
