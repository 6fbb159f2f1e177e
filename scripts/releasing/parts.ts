/** The files of a release: what each part builds, and how, in a checkout of its commit with installed packages. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const partNames = ['package', 'binary', 'sbom', 'image', 'chart'] as const;
export type PartName = (typeof partNames)[number];

export interface Part {
  readonly name: PartName;
  /** Names of the files that it builds. */
  readonly makes: readonly string[];
}

export interface PartsOrder {
  /** Checkout of the commit. */
  readonly clone: string;
  /** The folder for the files. */
  readonly folder: string;
  readonly version: string;
  readonly commit: string;
}

export const platformHere = `${process.platform}-${process.arch}`;

/** An executable is for the platform that builds it. */
export function partsOf(version: string, platform = platformHere): readonly Part[] {
  const binary = `rolegate-${version}-${platform}`;
  return [
    { name: 'package', makes: [`rolegate-${version}.tgz`] },
    { name: 'binary', makes: [binary, `${binary}.licenses.txt`] },
    { name: 'sbom', makes: [`rolegate-${version}-sbom.cdx.json`] },
    { name: 'image', makes: [`rolegate-${version}-image.tar`] },
    { name: 'chart', makes: [`rolegate-chart-${version}.tgz`] },
  ];
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
  /** From a lock file of the runtime packages: with `--omit=dev`, npm would drop packages that tools also need. */
  sbom({ clone, folder }, [file = '']) {
    const installed = mkdtempSync(join(tmpdir(), 'rolegate-sbom-'));
    try {
      for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
        copyFileSync(join(clone, name), join(installed, name));
      }
      run(installed, 'npm', 'pkg', 'delete', 'devDependencies', 'optionalDependencies', 'scripts');
      run(installed, 'npm', 'install', '--package-lock-only', '--offline');
      const args = [join(clone, 'scripts', 'sbom.ts'), '--package-lock-only'];
      const bom = execFileSync(process.execPath, args, { cwd: installed });
      writeFileSync(join(folder, file), bom);
    } finally {
      rmSync(installed, { recursive: true });
    }
  },
  image({ clone, folder, version, commit }, [image = '']) {
    const tag = `rolegate:${version}`;
    const labels = ['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${commit}`];
    run(clone, 'docker', 'build', '--quiet', '--network=host', ...labels, '--tag', tag, '.');
    run(clone, 'docker', 'save', '--output', join(folder, image), tag);
  },
  chart({ clone, folder, version }, [file = '']) {
    run(clone, 'helm', 'package', 'helm', '--destination', folder);
    renameSync(join(folder, `rolegate-${version}.tgz`), join(folder, file));
  },
};

/** Paths of the built files. The chart comes first, because helm gives its file the same name as npm's package. */
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
