/** Errors of a store. They separate an outage of the database from a bug. */

/** The database does not respond, or not in time; a later retry may succeed. The text contains neither host nor user. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  /** A code of the system or of TLS, or our own words. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the database does not respond: ${reason}`);
    this.reason = reason;
  }
}

/** The database refused a statement: a bug in the program or a mistake in the database's setup. The text contains no row values. */
export class StoreFaultError extends Error {
  override readonly name = 'StoreFaultError';
}

/** The user or address that should own a new row was removed meanwhile. */
export class OwnerGoneError extends Error {
  override readonly name = 'OwnerGoneError';

  constructor() {
    super('the user or the address is gone');
  }
}

/** Another process has the lock of a SQLite file; `message` is for the person at the terminal. */
export class ServedElsewhereError extends Error {
  override readonly name = 'ServedElsewhereError';

  constructor(file: string) {
    super(
      `rolegate: another process serves the database ${file}: stop it, or set "redis", through which several share their limits`,
    );
  }
}
