/** Senders such as `no-reply@example.test` or `Rolegate <no-reply@example.test>`. */
import { z } from 'zod';

export interface Mailbox {
  /** Empty: none. */
  readonly name: string;
  readonly address: string;
}

const named = /^([^<>]*)<([^<>]+)>$/;
/** Nothing that could end a header, and nothing that could be read as a part of an address list. */
const plainName = /^[^\p{C}\p{Zl}\p{Zp}"<>@,;:\\]{0,100}$/u;

/** Null when it is no such sender. */
export function parseMailbox(text: string): Mailbox | null {
  const match = named.exec(text);
  const name = match === null ? '' : unquoted(match[1]!.trim());
  const address = match === null ? text : match[2]!;
  return plainName.test(name) && address.length <= 254 && z.regexes.html5Email.test(address) ? { name, address } : null;
}

function unquoted(name: string): string {
  return name.length > 1 && name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1) : name;
}
