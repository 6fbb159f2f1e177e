/** The comparison of the hot path with a base: that it runs, and that it would notice a part that has become slower. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyProject, type ProjectCopy } from '../support/project-copy.ts';

const project = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['normalize', 'match', 'extract', 'decide', 'request headers', 'answer headers'];
let slower: ProjectCopy;

/** The same project, in which finding a route takes some microseconds more. */
beforeAll(() => {
  slower = copyProject({ installed: true });
  const file = join(slower.folder, 'src/core/routing/match-route.ts');
  const text = readFileSync(file, 'utf8');
  const found = 'const leaf = findLeaf(table, request.host, request.path);';
  expect(text).toContain(found);
  writeFileSync(
    file,
    text.replace(
      found,
      `for (let turn = 0; turn < 30; turn += 1) findLeaf(table, request.host, request.path);\n${found}`,
    ),
  );
});
afterAll(() => slower.remove());

function compare(here: string, base: string) {
  const args = ['bench/micro/run.ts', '--base', base, '--rounds', '9', '--times', '2000', '--limit', '2', '--check'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: here, encoding: 'utf8' });
  const flagged = parts.filter((part) => new RegExp(`^│ ${part} .*slower than 2`, 'm').test(stdout));
  const measured = parts.filter((part) =>
    new RegExp(`^│ ${part} .* \\d+\\.\\d{3} - \\d+\\.\\d{3} - \\d+\\.\\d{3} `, 'm').test(stdout),
  );
  return { status, flagged, measured, stderr };
}

describe('bench:micro --base', () => {
  it('tells which parts are slower, and ends with 1', () => {
    const { status, flagged, measured, stderr } = compare(slower.folder, project);
    expect(stderr).toBe('');
    expect(measured).toEqual(parts);
    expect(flagged).toEqual(['match', 'decide']);
    expect(status).toBe(1);
  });

  it('takes a revision of Git, and finds no part slower that has become faster', () => {
    expect(compare(project, slower.folder)).toMatchObject({ status: 0, flagged: [], measured: parts });
    expect(compare(project, 'HEAD')).toMatchObject({ status: 0, flagged: [], measured: parts });
  });

  it('fails for a base that is not there', () => {
    expect(compare(project, 'no-such-revision').status).toBe(1);
    expect(compare(project, 'no-such-revision').measured).toEqual([]);
  });
});
