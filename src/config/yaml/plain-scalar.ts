/** Plain scalars: numbers, words and nothing, as the core schema of YAML has them (1.2.2 section 10.3.2). */
import { NotPlain } from './not-plain.ts';
import type { ScalarNode } from './tree.ts';

/** How whatever is no text begins: numbers, `~`, and the words for nothing, true and false. */
const special = /^[-+.\d~nNtTfF]/;
const nothing = /^(?:~|[Nn]ull|NULL)$/;
const truth = /^(?:[Tt]rue|TRUE)$/;
const untruth = /^(?:[Ff]alse|FALSE)$/;
const integer = /^[-+]?[0-9]+$/;
const fraction = /^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)$/;
/** With another base or an exponent, and what is no number or has no end: not worth a second reader. */
const unusual = /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?[.\d]+[eE][-+]?[0-9]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

export function plainValue(source: string): ScalarNode['value'] {
  if (!special.test(source)) return source;
  if (integer.test(source)) return Number.parseInt(source, 10);
  if (truth.test(source)) return true;
  if (untruth.test(source)) return false;
  if (nothing.test(source)) return null;
  if (fraction.test(source)) return Number.parseFloat(source);
  if (unusual.test(source)) throw new NotPlain();
  return source;
}
