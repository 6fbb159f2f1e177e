/** Keys that have another name now, or were replaced: the hint of an unknown key. Nothing else knows the earlier names. */

interface RenamedKey {
  readonly was: string;
  /** What to write instead. */
  readonly use: string;
  /** A key by which the section is recognized; if unset, the new one. */
  readonly beside?: string;
  /** The page that shows it, if it is in another section. */
  readonly guide?: string;
}

const renamedKeys: readonly RenamedKey[] = [
  { was: 'cert', use: 'certificates: [{ cert: ..., key: ... }]', beside: 'certificates' },
  { was: 'claimValues', use: 'requiredValues' },
  { was: 'clientCa', use: 'clientCertificates: { ca: ... }', beside: 'clientCertificates' },
  { was: 'decisions', use: 'records.file', beside: 'slowRequest' },
  { was: 'key', use: 'certificates: [{ cert: ..., key: ... }]', beside: 'certificates' },
  { was: 'keypair', use: 'keyPair' },
  { was: 'maxAge', use: 'maxVerdictAge' },
  { was: 'maxAge', use: 'maxTokenAge' },
  { was: 'maxAge', use: 'maxMessageAge' },
  { was: 'most', use: 'max' },
  { was: 'oneInAllowed', use: 'allowedSample' },
  { was: 'owns', use: 'teams: { NAME: { include: ..., paths: [...] } } in the main file', beside: 'tests' },
  { was: 'trustedHeaders', use: 'headers: { x-cert: trusted }', beside: 'headers' },
  { was: 'webSession', use: 'signIn', beside: 'passkeys', guide: 'Protect a web page' },
];

/** Null: the section had no such key. `shape`: its keys. */
export function renamedKeyHint(name: string, shape: object): string | null {
  const renamed = renamedKeys.find(({ was, use, beside = use }) => was === name && Object.hasOwn(shape, beside));
  if (renamed === undefined) return null;
  const { use, guide } = renamed;
  return `use "${use}" instead${guide === undefined ? '' : `, as in the guide "${guide}"`}`;
}
