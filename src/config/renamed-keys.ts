/** Keys that have another name now: the hint of an unknown key. Nothing else knows the earlier names. */

interface RenamedKey {
  readonly was: string;
  /** What to write instead. */
  readonly use: string;
  /** A key by which the section is recognized; if unset, the new one. */
  readonly beside?: string;
}

export const renamedKeys: readonly RenamedKey[] = [
  { was: 'claimValues', use: 'requiredValues' },
  { was: 'decisions', use: 'records.file', beside: 'slowRequest' },
  { was: 'keypair', use: 'keyPair' },
  { was: 'maxAge', use: 'maxVerdictAge' },
  { was: 'maxAge', use: 'maxTokenAge' },
  { was: 'maxAge', use: 'maxMessageAge' },
  { was: 'most', use: 'max' },
  { was: 'oneInAllowed', use: 'allowedSample' },
  { was: 'trustedHeaders', use: 'headers: { x-cert: trusted }', beside: 'headers' },
];

/** Null: the section had no such key. `shape`: its keys. */
export function renamedKey(name: string, shape: object): RenamedKey | null {
  return renamedKeys.find(({ was, use, beside = use }) => was === name && Object.hasOwn(shape, beside)) ?? null;
}
