/** Lists for conditions: address ranges, and lists of either kind in a file. Compiled when the configuration is loaded. */
import { compileTrustedProxies, type TrustedProxies } from '../syntax/addresses.ts';

/** Facts about the file of a list; its entries are in the list itself. */
export interface ListFile {
  /** As written in the configuration. */
  readonly name: string;
  /** The same for lists with the same entries. */
  readonly digest: string;
  readonly entries: number;
  /** The first lines that repeat an entry of an earlier line. */
  readonly repeated: readonly { readonly line: number; readonly earlier: number }[];
  /** The line, from 1, of the entry with this text; null: none, or finding it takes too long. */
  readonly lineOf: (text: string) => number | null;
}

export interface AddressList {
  /** As written. */
  readonly ranges: readonly string[];
  readonly contains: TrustedProxies;
  /** Null: the ranges are written in the configuration. */
  readonly list: ListFile | null;
}

/** Throws `RangeError` for an invalid range. */
export function addressList(ranges: readonly string[], list: ListFile | null = null): AddressList {
  return { ranges, contains: compileTrustedProxies(ranges), list };
}

/** Such as `file blocked.txt`. */
export function listInWords({ name }: ListFile): string {
  return `file ${name}`;
}
