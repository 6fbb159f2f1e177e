/** The short way through a file, which most files take: see `plain-reader.ts`. */
import type { ProblemList } from '../problem.ts';
import { NotPlain } from './not-plain.ts';
import { type ReaderOfList, readPlainFile } from './plain-reader.ts';
import type { Node } from './tree.ts';

/** Null: the file is not plain, or has a mistake; nothing has been reported then. */
export function readPlainly(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  list: ProblemList,
  readerOf: ReaderOfList = () => null,
): Node | null {
  const before = list.count();
  try {
    const { root, used } = readPlainFile(text, env, readerOf);
    for (const { name, value } of used) list.conceal(value, `\${${name}}`);
    return root;
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    list.forget(before);
    return null;
  }
}
