/**
 * Converts PostgreSQL errors to errors of the store. The texts of the client and the server contain hosts, users and row values, so
 * only codes and our own words are passed on.
 */
import { DatabaseError } from 'pg';
import { StoreFaultError, StoreUnavailableError } from './store-errors.ts';

export interface MappedError {
  readonly error: Error;
  /** The connection that reported the error must not be used again. */
  readonly breaksConnection: boolean;
}

/** Classes and codes of SQLSTATE (PostgreSQL, appendix A) after which a later retry may succeed. */
const unavailable: readonly (readonly [prefix: string, reason: string])[] = [
  ['08', 'connection lost'],
  ['23505', 'another transaction took the same key'],
  ['25006', 'it is read-only'],
  ['25P03', 'a transaction stood still too long'],
  ['28', 'it refuses these credentials'],
  ['3D000', 'it has no such database'],
  ['40', 'transactions got into the way of each other'],
  ['53', 'it has no resources left'],
  ['55P03', 'a lock did not come free in time'],
  ['57014', 'a statement took too long'],
  ['57P', 'it is starting or stopping'],
  ['58', 'its system fails'],
];

export function toStoreError(error: unknown): MappedError {
  if (error instanceof DatabaseError) return fromServer(error);
  const urlIsBad = error instanceof URIError || (error as NodeJS.ErrnoException).code === 'ERR_INVALID_URL';
  if (urlIsBad) return { error: new StoreUnavailableError('its URL is not valid'), breaksConnection: true };
  // Bugs in the program keep their stack trace.
  if (error instanceof TypeError || error instanceof RangeError) return { error, breaksConnection: true };
  return { error: new StoreUnavailableError(reasonOf(error)), breaksConnection: true };
}

function fromServer({ code = '', severity, message }: DatabaseError): MappedError {
  const breaksConnection = severity !== 'ERROR';
  const reason = unavailable.find(([prefix]) => code.startsWith(prefix))?.[1];
  if (reason !== undefined) return { error: new StoreUnavailableError(`${reason} (${code})`), breaksConnection };
  // Class 42, missing tables and privileges, mentions only the schema; others may repeat values.
  const text = code.startsWith('42') ? `: ${message}` : '';
  return { error: new StoreFaultError(`PostgreSQL refused a statement (${code})${text}`), breaksConnection };
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'EACCES') return 'a file that its URL names cannot be read';
  if (typeof code === 'string' && /^[A-Z0-9_]+$/.test(code)) return code;
  if (/timeout/i.test(message)) return 'timeout';
  if (/SSL/.test(message)) return 'it does not speak TLS';
  if (/SASL|password/i.test(message)) return 'it refuses these credentials';
  return 'connection lost';
}
