/** A problem of a configuration file, and the list that collects all problems. */

import { codeFrame, harmless } from './code-frame.ts';
import type { LineIndex } from './line-index.ts';
import { maskedSpans, type SecretKeys, type Span } from './mask-secrets.ts';

export interface ConfigProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** One sentence without a full stop. Never contains a secret or the value of an environment variable. */
  readonly message: string;
  /** What to do, or the nearest known name; null if there is nothing to add. */
  readonly hint: string | null;
  /** The lines around the place with a caret, with secrets masked. Empty if there is no text. */
  readonly frame: string;
}

/** Reports a problem at an offset of the text. */
export type Report = (offset: number, message: string, hint?: string | null) => void;

export interface ProblemList {
  readonly report: Report;
  /**
   * Removes this text, the value of a variable or (with `secretMark`) a secret, from all messages, and a secret also from all
   * frames.
   */
  conceal(value: string, shownAs: string): void;
  readonly count: () => number;
  /** A problem as it would be reported, for one that is found later. */
  describe(offset: number, message: string, hint?: string | null): ConfigProblem;
  /** In file order. */
  problems(): readonly ConfigProblem[];
}

interface Entry {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | null;
}

/** Texts that no output of any file of a configuration may show, and what messages show instead. */
export type Concealed = Map<string, { readonly shownAs: string; readonly isSecret: boolean }>;

/** Replaces a secret. */
export const secretMark = '***';

/** `conceal` ignores shorter values, because they occur in ordinary words. */
const minConcealed = { variable: 4, secret: 8 };
/** A message may contain keys of any length. */
const maxMessage = 400;

/** `keys`: keys of the file that contain secrets; null: there are none. `concealed`: shared by files that are read together. */
export function createProblemList(
  file: string,
  text: string,
  lines: LineIndex,
  keys: SecretKeys | null = null,
  concealed: Concealed = new Map(),
): ProblemList {
  const entries: Entry[] = [];
  const reported = new Set<string>();
  const secrets = () => [...concealed].flatMap(([value, { isSecret }]) => (isSecret ? [value] : []));
  let spans: ReturnType<typeof maskedSpans> | null = null;
  const scrub = (words: string): string => {
    let out = words;
    for (const [value, { shownAs }] of concealed) if (out.includes(value)) out = out.replaceAll(value, shownAs);
    return harmless(out).slice(0, maxMessage);
  };
  /** Also a key can be masked: a slip can turn a secret into one. */
  const withoutMasked = (words: string, offset: number, masks: readonly Span[]): string => {
    if (!words.includes('"') || !masks.some(({ start, end }) => start <= offset && offset < end)) return words;
    const [word = ''] = /^[^\s"',{}[\]]+/.exec(text.slice(offset, offset + maxMessage)) ?? [];
    const hidden = word.replace(/:$/, '');
    const isKey = keys !== null && (keys.openKeys.has(hidden) || keys.secretKeys.has(hidden));
    return isKey || hidden.length < minConcealed.variable ? words : words.replaceAll(hidden, secretMark);
  };
  const described = ({ offset, message, hint }: Entry): ConfigProblem => {
    spans ??= maskedSpans(text, keys, secrets());
    return {
      file,
      ...lines.position(offset),
      message: scrub(withoutMasked(message, offset, spans)),
      hint: hint === null ? null : scrub(hint),
      frame: codeFrame(text, lines, offset, spans),
    };
  };
  return {
    report(offset, message, hint = null) {
      // Shared parts, such as a policy, are checked for each route that uses them.
      if (reported.has(`${offset} ${message}`)) return;
      reported.add(`${offset} ${message}`);
      entries.push({ offset, message, hint });
    },
    conceal(value, shownAs) {
      const isSecret = shownAs === secretMark;
      if (value.length < (isSecret ? minConcealed.secret : minConcealed.variable)) return;
      const known = concealed.get(value);
      // A secret can be the value of a variable, and another file can contain its text.
      concealed.set(
        value,
        known === undefined ? { shownAs, isSecret } : { ...known, isSecret: known.isSecret || isSecret },
      );
    },
    count: () => entries.length,
    describe: (offset, message, hint = null) => described({ offset, message, hint }),
    problems: () => entries.toSorted((a, b) => a.offset - b.offset).map(described),
  };
}
