/** The `traceparent` of a request (W3C Trace Context, level 2), and the id of the trace in it. */

/** Version, trace id, parent id, flags: in lower case, and ids not all zero (section 3.2.2). Version ff is forbidden. */
const parentForm = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
/** Length in version 00; later versions may have more after a "-". */
const parentLength = 55;

/** The id of the request's trace; null: no valid one. */
export function traceIdOf(rawHeaders: readonly string[]): string | null {
  return readParent(rawHeaders)?.[2] ?? null;
}

/** The parts of the one valid `traceparent`: version, trace id, span id, flags. */
export function readParent(rawHeaders: readonly string[]): RegExpExecArray | null {
  let parent: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'traceparent')) continue;
    if (parent !== null) return null;
    parent = rawHeaders[i + 1]!;
  }
  const parts = parent === null ? null : parentForm.exec(parent);
  return parts !== null && (parts[1] !== '00' || parent?.length === parentLength) ? parts : null;
}

export function isNamed(name: string, header: string): boolean {
  return name.length === header.length && name.toLowerCase() === header;
}
