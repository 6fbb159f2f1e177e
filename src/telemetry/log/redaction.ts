/**
 * Removes secrets from text before it is logged. A second line of defense: intentionally logged data contains none, but errors of libraries
 * and careless callers may (CVE-2020-8565 logged a bearer through an error).
 */

export const redacted = '[redacted]';

const limits = { depth: 6, entries: 64, text: 8192 } as const;

/** Letters only, lower case, so that `apiSecret`, `api-secret` and `API_SECRET` are one name. */
const secretName =
  /(?:authorization|cookie|password|passwd|passphrase|secret|token|bearer|credential|apikey|privatekey|assertion|signature)s?$/;

const headerName = /^[\w-]{1,64}$/;

/** Whether values under this name are never shown. */
export function isSecretName(name: string): boolean {
  return secretName.test(name.toLowerCase().replace(/[^a-z]/g, ''));
}

/** Each one runs in linear time: text after its first word is consumed without backtracking. */
const inText: readonly (readonly [RegExp, string])[] = [
  // All cookies of a header, to the end of the line.
  [/(cookie["']?\s*[:=]\s*)[^\r\n"']+/gi, `$1${redacted}`],
  // A credential after its scheme.
  [/\b(bearer|basic)(\s+|%20|\+)\S+/gi, `$1$2${redacted}`],
  // name: value, name=value, "name":"value"; the name may have words before the secret one.
  [
    /((?:authorization|password|passwd|passphrase|secret|token|bearer|credential|api[-_]?key|private[-_]?key|assertion|signature)s?["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|'[^']*'?|(?:(?:bearer|basic)\s+)?\S+)/gi,
    `$1${redacted}`,
  ],
  // User and password in a URL.
  [/\b([a-z][a-z0-9+.-]{1,15}:\/\/)[^\s/?#"'<>@]+@/gi, `$1${redacted}@`],
  // The query of a URL or of a request target.
  [/\?[^\s"'<>]+/g, `?${redacted}`],
];

/** Masks credentials, secrets by name, passwords in URLs and queries in free text, and bounds its length. */
export function redactText(text: string): string {
  let clean = text.length > limits.text ? `${text.slice(0, limits.text)}...` : text;
  for (const [pattern, replacement] of inText) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * A plain copy for the log: secrets are masked by name and in text, errors become data, depth and number of entries are bounded, cycles are
 * cut. Never throws, even if getters do.
 */
export function redactValue(value: unknown): unknown {
  return copy(value, 0, new Set());
}

function copy(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }
  if (above.has(value)) return '[circular]';
  if (depth >= limits.depth) return '[deep]';
  above.add(value);
  try {
    return copyObject(value, depth, above);
  } catch {
    return '[unreadable]';
  } finally {
    above.delete(value);
  }
}

function copyObject(value: object, depth: number, above: Set<object>): unknown {
  if (value instanceof Error) return copyError(value, depth, above);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (Array.isArray(value)) return copyList(value, depth, above);
  if (value instanceof Set) return copyList([...value], depth, above);
  const entries = value instanceof Map ? [...value] : Object.entries(value);
  const result: Record<string, unknown> = Object.create(null);
  for (const [key, entry] of entries.slice(0, limits.entries)) {
    const name = redactText(String(key));
    result[name] =
      isSecretName(name) && entry !== null && entry !== undefined ? redacted : copy(entry, depth + 1, above);
  }
  return result;
}

/** Raw headers of Node, alternating names and values, are masked by the name before the value. */
function copyList(list: readonly unknown[], depth: number, above: Set<object>): unknown[] {
  return list.slice(0, limits.entries).map((entry, index) => {
    const before = list[index - 1];
    const named = index % 2 === 1 && typeof before === 'string' && headerName.test(before) && isSecretName(before);
    return named && typeof entry === 'string' ? redacted : copy(entry, depth + 1, above);
  });
}

function copyError(error: Error, depth: number, above: Set<object>): unknown {
  const code: unknown = 'code' in error ? error.code : undefined;
  return {
    type: error.name,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    message: redactText(error.message),
    ...(typeof error.stack === 'string' ? { stack: redactText(error.stack) } : {}),
    ...(error.cause === undefined ? {} : { cause: copy(error.cause, depth + 1, above) }),
  };
}
