/** The files of a Git revision, exported into a temporary folder. Neither the index nor the working tree is touched. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { CommandError } from '../exit-code.ts';

export interface BaseRevision {
  /** Full id of the commit. */
  readonly commit: string;
  /** The file at the revision; null: it did not exist. */
  readonly file: string | null;
  /** Where one of its files is in the repository, from the working directory. */
  placeOf(file: string): string;
  remove(): void;
}

/** `revision`: a Git revision, such as `origin/main`. Throws `CommandError` if it does not exist, or Git is missing. */
export function exportRevision(revision: string, file: string): BaseRevision {
  const folder = dirname(resolve(file));
  const git = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    try {
      return execFileSync('git', args, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }).trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new CommandError('rolegate: ci needs git');
      return null;
    }
  };
  const root = git(['rev-parse', '--show-toplevel']);
  if (root === null) throw new CommandError(`rolegate: ${file} is not in a Git repository`);
  // A revision that begins with a dash would be read as an option.
  const commit = git(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  if (commit === null) {
    throw new CommandError(
      `rolegate: there is no revision "${revision}" here; a shallow clone may lack it (git fetch origin, or fetch-depth: 0)`,
    );
  }
  const target = mkdtempSync(join(tmpdir(), 'rolegate-base-'));
  const remove = () => rmSync(target, { recursive: true, force: true });
  try {
    const tree = join(target, 'tree');
    mkdirSync(tree);
    const env = { GIT_INDEX_FILE: join(target, 'index') };
    const done =
      git(['read-tree', commit], env) !== null &&
      git(['--work-tree', root, 'checkout-index', '--all', '--quiet', `--prefix=${tree}/`], env) !== null;
    if (!done) throw new CommandError(`rolegate: the files of ${revision} cannot be exported`);
    const place = join(tree, relative(realpathSync(root), join(realpathSync(folder), file.split(/[\\/]/).at(-1)!)));
    const placeOf = (exported: string) => relative('', join(root, relative(tree, exported)));
    return { commit, file: existsSync(place) ? place : null, placeOf, remove };
  } catch (error) {
    remove();
    throw error;
  }
}
