/** Makes the files of a release in a clone that holds its commit. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { Part, PartName } from './plan.ts';

export interface PartsOrder {
  /** Clone with the commit, and its packages installed. */
  readonly clone: string;
  /** Where the files go. */
  readonly folder: string;
  readonly version: string;
  readonly commit: string;
}

const makers: Readonly<Record<PartName, (order: PartsOrder, files: readonly string[]) => void>> = {
  package({ clone, folder }, [file = '']) {
    run(clone, 'npm', 'run', '--silent', 'build:package');
    copyFileSync(join(clone, 'build', file), join(folder, file));
  },
  binary({ clone, folder }, [binary = '', licenses = '']) {
    run(clone, 'npm', 'run', '--silent', 'build:binary');
    copyFileSync(join(clone, 'build', 'rolegate'), join(folder, binary));
    copyFileSync(join(clone, 'build', 'rolegate.licenses.txt'), join(folder, licenses));
  },
  image({ clone, folder, version, commit }, [image = '', sbom = '']) {
    const tag = `rolegate:${version}`;
    const labels = ['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${commit}`];
    const network = '--network=host';
    run(clone, 'docker', 'build', '--quiet', network, ...labels, '--tag', tag, '.');
    run(clone, 'docker', 'save', '--output', join(folder, image), tag);
    run(clone, 'docker', 'build', '--quiet', network, '--target', 'sbom', '--output', folder, '.');
    renameSync(join(folder, 'sbom.cdx.json'), join(folder, sbom));
  },
  chart({ clone, folder, version }, [file = '']) {
    run(clone, 'helm', 'package', 'helm', '--destination', folder);
    renameSync(join(folder, `rolegate-${version}.tgz`), join(folder, file));
  },
};

/** Paths of what was made. The chart goes first: helm names it as npm names the package. */
export function makeParts(parts: readonly Part[], order: PartsOrder): string[] {
  const chartFirst = [...parts].sort((a, b) => Number(b.name === 'chart') - Number(a.name === 'chart'));
  for (const { name, makes } of chartFirst) {
    process.stdout.write(`${name} ...\n`);
    makers[name](order, makes);
  }
  return parts.flatMap(({ makes }) => makes.map((file) => join(order.folder, file)));
}

function run(cwd: string, command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
