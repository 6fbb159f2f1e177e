/** Until when revocation lists (RFC 5280 section 5) are valid. Only OpenSSL decides by them; this is for warnings, and to look again in time. */

/** In milliseconds since the epoch. */
export interface ListTimes {
  readonly issuedAtMs: number;
  /** When the next list is due; infinity: the list does not say. */
  readonly expiresAtMs: number;
}

/** Of a list that OpenSSL has read. */
export function timesOf(pem: string): ListTimes {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const list = open(der, 0);
  const parts = open(der, list.start);
  let at = parts.start;
  // version, signature and issuer come before the times.
  const first = open(der, at);
  if (first.tag === integer) at = first.end;
  for (let skipped = 0; skipped < 2; skipped += 1) at = open(der, at).end;
  const issued = open(der, at);
  const next = open(der, issued.end);
  const textOf = ({ start, end }: typeof next) => der.toString('latin1', start, end);
  const says = next.tag === utcTime || next.tag === generalizedTime;
  return {
    issuedAtMs: momentOf(textOf(issued), issued.tag),
    expiresAtMs: says ? momentOf(textOf(next), next.tag) : Number.POSITIVE_INFINITY,
  };
}

const integer = 0x02;
const utcTime = 0x17;
const generalizedTime = 0x18;

/** A value in DER: its tag, and where its content begins and ends. */
function open(der: Buffer, at: number): { readonly tag: number; readonly start: number; readonly end: number } {
  const tag = der.readUInt8(at);
  const short = der.readUInt8(at + 1);
  if (short < 0x80) return { tag, start: at + 2, end: at + 2 + short };
  const digits = short & 0x7f;
  const start = at + 2 + digits;
  return { tag, start, end: start + der.readUIntBE(at + 2, digits) };
}

/** `YYMMDDhhmmssZ`, of 1950 to 2049, or `YYYYMMDDhhmmssZ`. */
function momentOf(text: string, tag: number): number {
  const century = tag === generalizedTime ? '' : Number(text.slice(0, 2)) < 50 ? '20' : '19';
  return Date.parse(`${century}${text}`.replace(/^(\d{4})(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

/** The first one that expires after this time; null: none does. */
export function nextToExpire(lists: readonly ListTimes[], afterMs: number): ListTimes | null {
  const due = lists.filter(({ expiresAtMs }) => expiresAtMs > afterMs && Number.isFinite(expiresAtMs));
  return due.reduce<ListTimes | null>(
    (first, one) => (first === null || one.expiresAtMs < first.expiresAtMs ? one : first),
    null,
  );
}
