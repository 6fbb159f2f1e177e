/** What several parts of the store return. */

/** A page of a longer list; `page` counts from 1. */
export interface PageRequest {
  readonly limit: number;
  readonly page: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Number of rows in the whole list. */
  readonly total: number;
}

/** The owner of a credential; both kinds of credential provide it. */
export interface Owner {
  readonly userId: string;
  readonly alias: string;
  readonly fullName: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly hasPasskey: boolean;
}
