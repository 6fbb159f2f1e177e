/** The `traceparent` of a request (W3C Trace Context, level 2), and the id of the trace in it. */
import { isNamed } from '../syntax/header-fields.ts';

/** Version, trace id, parent id, flags: in lower case, and ids not all zero (section 3.2.2). Version ff is forbidden. */
const parentForm = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/;
/** Length in version 00; later versions may have more after a "-". */
const parentLength = 55;

/** The id of the request's trace; null: no valid one. */
export function traceIdOf(rawHeaders: readonly string[]): string | null {
  return readParent(rawHeaders)?.slice(3, 35) ?? null;
}

/** The one valid `traceparent`; its parts have fixed places. */
export function readParent(rawHeaders: readonly string[]): string | null {
  let parent: string | null = null;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isNamed(rawHeaders[i]!, 'traceparent')) continue;
    if (parent !== null) return null;
    parent = rawHeaders[i + 1]!;
  }
  if (parent === null || !parentForm.test(parent)) return null;
  return parent.length === parentLength || !parent.startsWith('00') ? parent : null;
}
