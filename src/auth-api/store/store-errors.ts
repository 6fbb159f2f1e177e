/** How a store fails, so that an outage of the database and a fault of ours are kept apart. */

/** The database does not respond, or not in time: trying again later may work. The text names neither host nor user. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
  /** A code of the system or of TLS, or words of ours. */
  readonly reason: string;

  constructor(reason: string) {
    super(`the database does not respond: ${reason}`);
    this.reason = reason;
  }
}

/** The database refused a statement: a fault of ours or of its setup. The text holds no value of any row. */
export class StoreFaultError extends Error {
  override readonly name = 'StoreFaultError';
}

/** The user, or the address, to whom a new row was to belong went in the meantime. */
export class OwnerGoneError extends Error {
  override readonly name = 'OwnerGoneError';

  constructor() {
    super('the user or the address is gone');
  }
}
