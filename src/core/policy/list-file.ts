/** Lists that conditions compare with: ranges of addresses, and lists of either kind that a file holds. Compiled when the configuration is loaded. */
import { compileTrustedProxies, type TrustedProxies } from '../syntax/addresses.ts';

/** What is known of the file of a list; entries are compared as the list itself has them. */
export interface ListFile {
  /** As the configuration names it. */
  readonly name: string;
  /** The same for lists with the same entries. */
  readonly digest: string;
  readonly entries: number;
  /** Lines with an entry that an earlier line has: the first ones. */
  readonly repeated: readonly { readonly line: number; readonly earlier: number }[];
  /** The line, from 1, of the entry that is this text; null: there is none, or finding it takes too long. */
  readonly lineOf: (text: string) => number | null;
}

export interface AddressList {
  /** As written. */
  readonly ranges: readonly string[];
  readonly contains: TrustedProxies;
  /** Null: the ranges are written in the configuration. */
  readonly list: ListFile | null;
}

/** Throws `RangeError` for a range that is none. */
export function addressList(ranges: readonly string[], list: ListFile | null = null): AddressList {
  return { ranges, contains: compileTrustedProxies(ranges), list };
}

/** Such as `file blocked.txt`. */
export function listInWords({ name }: ListFile): string {
  return `file ${name}`;
}
