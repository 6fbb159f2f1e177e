/**
 * When a request loops between gateways: each gateway adds its name to `Via` (RFC 9110 section 7.6.3), and each round
 * would cost an upstream connection and a look-up.
 */
export interface ViaRule {
  /** In lower case. */
  readonly name: string;
  /** How often a request may have passed before: several gateways of one name in a row are not yet a loop. */
  readonly passes: number;
}

/**
 * The number of passes that a `Via` value adds to `before` earlier ones, or -1 beyond what the rule allows. Elements are `protocol
 * received-by (comment)`; a comma in a comment is not a separator.
 */
export function countPasses(value: string, rule: ViaRule, before: number): number {
  let passes = before;
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= value.length; i += 1) {
    const code = i < value.length ? value.charCodeAt(i) : 0x2c;
    if (code === 0x5c && depth > 0) i += 1;
    else if (code === 0x28) depth += 1;
    else if (code === 0x29 && depth > 0) depth -= 1;
    else if (code === 0x2c && (depth === 0 || i === value.length)) {
      if (names(value.slice(start, i), rule.name)) passes += 1;
      start = i + 1;
    }
  }
  return passes > rule.passes ? -1 : passes;
}

function names(element: string, name: string): boolean {
  const [, receivedBy] = /^[ \t]*[^ \t]+[ \t]+([^ \t(]+)/.exec(element) ?? [];
  return receivedBy?.toLowerCase() === name;
}
