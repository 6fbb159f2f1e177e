/**
 * A path into JSON, such as `user.id`: steps separated by dots. A quoted step may contain anything, because names of claims can be
 * URLs: `'https://example.test/roles'` or `resource_access."my.client".roles`.
 */

const plain = /[A-Za-z0-9_$@:-]{1,64}/y;
const quoted = /'([^'\p{Cc}]{1,256})'|"([^"\p{Cc}]{1,256})"/uy;
const prototypeSteps: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const maxSteps = 8;

/** Null: not a valid path. */
export function parseFieldPath(text: string): readonly string[] | null {
  const steps: string[] = [];
  let at = 0;
  for (;;) {
    const step = stepAt(text, at);
    if (step === null || prototypeSteps.has(step.name) || steps.push(step.name) > maxSteps) return null;
    at = step.end;
    if (at === text.length) return steps;
    if (text[at] !== '.') return null;
    at += 1;
  }
}

function stepAt(text: string, at: number): { readonly name: string; readonly end: number } | null {
  const pattern = text[at] === "'" || text[at] === '"' ? quoted : plain;
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) return null;
  return { name: match[1] ?? match[2] ?? match[0], end: pattern.lastIndex };
}
