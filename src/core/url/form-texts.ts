/**
 * One text for every set of forms that a text can fit together: each form is an automaton, and all are walked at once. For load-time checks
 * and tools, not for requests.
 */
import { type ParamForm, type Shape, type Taker, takes } from './param-form.ts';
import { foldCase } from './path-reading.ts';

interface State {
  accepts: boolean;
  readonly edges: { readonly takes: (char: string) => boolean; readonly to: State }[];
}

/** Maximum steps of one walk. */
const maxSteps = 200_000;

/** There are too many forms to compare: an unfinished search must not look like an empty result. */
export class TooManyFormsError extends RangeError {
  constructor() {
    super('the parameters at one place of the paths have too many forms to compare them');
  }
}

/**
 * Shortest first. They avoid `avoided` if another text exists, and each fits at least one form (see `noForm`). Throws `TooManyFormsError`.
 */
export function textsFor(takers: readonly Taker[], avoided: Iterable<string> = []): readonly string[] {
  const avoid = new Set(avoided);
  const beginnings = beginningsOf(avoid);
  const starts = takers.map(automatonOf);
  const alphabet = alphabetOf(takers);
  const seen = new Set<string>();
  const ids = new Map<State, number>();
  const idOf = (state: State): number => {
    const id = ids.get(state) ?? ids.size;
    ids.set(state, id);
    return id;
  };
  const texts = new Map<string, string>();
  let level: { readonly states: readonly (readonly State[])[]; readonly text: string }[] = [
    { states: starts.map((start) => [start]), text: '' },
  ];
  let steps = 0;
  while (level.length > 0) {
    if (steps > maxSteps) throw new TooManyFormsError();
    const next: typeof level = [];
    for (const { states, text } of level) {
      for (const char of alphabet) {
        steps += 1;
        const after = states.map((set) => stepped(set, char));
        if (after.every((set) => set.length === 0)) continue;
        const longer = text + char;
        // A prefix of an avoided text may lead to it; after any other text, only the states matter.
        if (!beginnings.has(longer)) {
          const key = after.map((set) => set.map(idOf).join()).join('|');
          if (seen.has(key)) continue;
          seen.add(key);
        }
        next.push({ states: after, text: longer });
        const fitting = after.map((set) => (set.some(({ accepts }) => accepts) ? '1' : '0')).join('');
        if (fitting.includes('1') && !texts.has(fitting) && !avoid.has(longer)) texts.set(fitting, longer);
      }
    }
    level = next;
  }
  return [...texts.values()];
}

/** A text that fits none of the forms, and is not `taken`. */
export function noForm(takers: readonly Taker[], isTaken: (text: string) => boolean, stem = 'anything'): string {
  const isFree = (text: string) => !isTaken(text) && !takers.some((taker) => takes(taker, text));
  if (isFree(stem)) return stem;
  const used = new Set(takers.flatMap(({ form }) => [...charactersOf(form)]).map(foldCase));
  const unused = ['X', 'Q', 'Z', 'Y', '~', '!', '$', '(', ')'].find((char) => !used.has(foldCase(char))) ?? '\u00e9';
  const first = /[A-Z]/.test(unused) && takers.some(({ anyCase }) => anyCase) ? '\u00e9' : unused;
  for (let length = 1; ; length += 1) {
    const text = first.repeat(length);
    if (isFree(text)) return text;
  }
}

/** A text that fits both, or null. */
export function commonText(a: Taker, b: Taker): string | null {
  return textsFor([a, b]).find((text) => takes(a, text) && takes(b, text)) ?? null;
}

/** Whether a text may fit both; also true if there are too many forms to determine it. */
export function mayHaveCommonText(a: Taker, b: Taker): boolean {
  try {
    return commonText(a, b) !== null;
  } catch (error) {
    if (!(error instanceof TooManyFormsError)) throw error;
    return true;
  }
}

/** Including the whole texts. */
function beginningsOf(texts: Iterable<string>): ReadonlySet<string> {
  const beginnings = new Set<string>();
  for (const text of texts) for (let end = 1; end <= text.length; end += 1) beginnings.add(text.slice(0, end));
  return beginnings;
}

function stepped(states: readonly State[], char: string): readonly State[] {
  const to = new Set<State>();
  for (const { edges } of states) for (const edge of edges) if (edge.takes(char)) to.add(edge.to);
  return [...to];
}

/** Likely characters first, because people see the first texts. */
function alphabetOf(takers: readonly Taker[]): readonly string[] {
  const characters = takers.flatMap(({ form }) => [...charactersOf(form)]);
  const plain = ['1', 'a', 'x', '0', '2', '-', 'A', ...characters];
  const unused = ['X', 'Q', 'Z', '~', '!', '$', '('].find((char) => !characters.includes(char)) ?? '\u00e9';
  const cased = takers.some(({ anyCase }) => anyCase) ? plain.map((char) => char.toUpperCase()) : [];
  return [...new Set([...plain, ...cased, unused])];
}

function charactersOf({ before, after, shape }: ParamForm): string {
  return before + after + (shape?.kind === 'words' ? shape.words.join('') : '');
}

function automatonOf({ form, anyCase }: Taker): State {
  const is = (wanted: (char: string) => boolean) => (char: string) => wanted(anyCase ? foldCase(char) : char);
  const textTo = (text: string, end: State): State =>
    [...text].reduceRight((to, one) => state(false, [is((char) => char === one), to]), end);
  const end = state(true);
  return textTo(form.before, shapeTo(form.shape, textTo(form.after, end), textTo, is));
}

function state(accepts: boolean, ...edges: readonly (readonly [(char: string) => boolean, State])[]): State {
  return { accepts, edges: edges.map(([of, to]) => ({ takes: of, to })) };
}

const hex = (char: string) => /[0-9A-Fa-f]/.test(char);
const digit = (char: string) => /[0-9]/.test(char);
const letter = (char: string) => /[a-z0-9]/.test(char);

function shapeTo(
  shape: Shape | null,
  end: State,
  textTo: (text: string, end: State) => State,
  is: (wanted: (char: string) => boolean) => (char: string) => boolean,
): State {
  switch (shape?.kind) {
    case undefined:
      return repeated(() => true, end);
    case 'slug': {
      const inner = state(end.accepts, ...edgesOf(end));
      const first = state(false, [is(letter), inner]);
      inner.edges.push({ takes: is(letter), to: inner }, { takes: is((char) => char === '-'), to: first });
      return first;
    }
    case 'int': {
      let rest = end;
      for (let left = 14; left > 0; left -= 1) rest = state(end.accepts, ...edgesOf(end), [digit, rest]);
      return state(false, [(char) => char === '0', end], [(char) => digit(char) && char !== '0', rest]);
    }
    case 'uuid': {
      const lengths = [8, 4, 4, 4, 12];
      let at = end;
      for (const [index, length] of lengths.reverse().entries()) {
        if (index > 0) at = textTo('-', at);
        for (let left = length; left > 0; left -= 1) at = state(false, [hex, at]);
      }
      return at;
    }
    case 'words': {
      const starts = shape.words.map((word) => textTo(word, end));
      return state(false, ...starts.flatMap(edgesOf));
    }
  }
}

/** One or more characters. */
function repeated(of: (char: string) => boolean, end: State): State {
  const inner = state(end.accepts, ...edgesOf(end));
  inner.edges.push({ takes: of, to: inner });
  return state(false, [of, inner]);
}

function edgesOf({ edges }: State): readonly (readonly [(char: string) => boolean, State])[] {
  return edges.map(({ takes: of, to }) => [of, to] as const);
}
