/** Compares a response with the expectation of a case: exact values, exact sets of keys, and `<name>` for patterns. */

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const patterns: Readonly<Record<string, (value: unknown) => boolean>> = {
  '<uuid>': (value) => typeof value === 'string' && uuid.test(value),
  '<bearer>': (value) => typeof value === 'string' && /^[A-Za-z0-9]{64}$/.test(value),
  '<apiKey>': (value) => typeof value === 'string' && /^[A-Za-z0-9]{32}$/.test(value),
  '<apiSecret>': (value) => typeof value === 'string' && /^[A-Za-z0-9]{64}$/.test(value),
  '<seconds>': (value) =>
    Number.isSafeInteger(value) && Number(value) > 1_600_000_000 && Number(value) < 10_000_000_000,
  '<text>': (value) => typeof value === 'string' && value !== '',
  '<string>': (value) => typeof value === 'string',
  '<list>': Array.isArray,
  '<count>': (value) => typeof value === 'string' && /^[1-9]\d*$/.test(value),
};

/** Null if it matches; otherwise where and why it does not. */
export function matchShape(value: unknown, wanted: unknown, at = 'body'): string | null {
  if (typeof wanted === 'string' && /^<\w+>$/.test(wanted)) {
    const fits = patterns[wanted];
    if (fits === undefined) throw new Error(`no pattern ${wanted}`);
    return fits(value) ? null : `${at} is ${JSON.stringify(value)}, not ${wanted}`;
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(value) || value.length !== wanted.length) return `${at} is not a list of ${wanted.length}`;
    return firstFault(wanted.map((item, index) => matchShape(value[index], item, `${at}[${index}]`)));
  }
  if (typeof wanted === 'object' && wanted !== null) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return `${at} is not an object`;
    const [found, names] = [Object.keys(value).sort(), Object.keys(wanted).sort()];
    if (found.join() !== names.join()) return `${at} has ${found.join()} instead of ${names.join()}`;
    return firstFault(
      names.map((name) =>
        matchShape(
          (value as Record<string, unknown>)[name],
          (wanted as Record<string, unknown>)[name],
          `${at}.${name}`,
        ),
      ),
    );
  }
  return Object.is(value, wanted) ? null : `${at} is ${JSON.stringify(value)}, not ${JSON.stringify(wanted)}`;
}

function firstFault(faults: readonly (string | null)[]): string | null {
  return faults.find((fault) => fault !== null) ?? null;
}
